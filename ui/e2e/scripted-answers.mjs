/** The scripted answers: what the first word of a question makes a model do. */

const whole = String.raw`A suspension bridge hangs its deck from **two great cables**, and the cables do nothing but *pull*. That is the whole secret: steel is very good at being pulled.

## Where the load goes

1. A lorry presses the deck down.
2. The deck hands that load to the hangers, the thin vertical ropes.
3. The hangers pull on the main cables.
   - The cables pass it up to the towers, which are squeezed,
   - and sideways to the anchorages, which must not move.

> A cable under an even load takes the shape of a parabola, not of a hanging chain.

For a span $L$, a sag $f$ and an even load $q$, the horizontal pull in the cable is

$$H = \frac{q\,L^2}{8 f}$$

so a flatter cable has to pull harder. With \(L = 1280\,\mathrm{m}\) and $f = 143$ m, as at the Golden Gate, every kilonewton per metre costs about 1,432 kN of pull.

### The same in code

${"```"}python
def horizontal_pull(load: float, span: float, sag: float) -> float:
    """Pull in the cable, in the unit of load times metres."""
    if sag <= 0:
        raise ValueError("a cable without sag would need infinite pull")
    return load * span**2 / (8 * sag)  # the parabola's formula

print(round(horizontal_pull(1.0, 1280, 143)))  # 1432
${"```"}

| Bridge | Year | Span | Sag |
| :-- | --: | --: | --: |
| Golden Gate | 1937 | 1,280 m | 143 m |
| Verrazzano-Narrows | 1964 | 1,298 m | 117 m |
| Akashi Kaikyō | 1998 | 1,991 m | 201 m |

- [x] load, path and formula
- [ ] wind, which deserves [its own chapter](https://example.org/wind)

A tag such as <b>this</b> stays text, and a picture asks first: ![The towers in fog](https://example.org/fog.jpg)
`;

const rightToLeft = `الجسر المعلق يحمل طريقه بواسطة **كابلين كبيرين**، والكابلات لا تفعل شيئًا سوى *الشد*.

1. الشاحنة تضغط على الطريق.
2. الطريق يعطي الحمل للحبال في \`bridge.py\`.

> الكابل يأخذ شكل القطع المكافئ.

| الجسر | السنة |
| --- | --: |
| البوابة الذهبية | 1937 |
| أكاشي | 1998 |

English words in between stay readable, וגם עברית.
`;

const wideTable = `Every bridge, with everything about it:

| ${Array.from({ length: 14 }, (_, at) => `Column ${at + 1}`).join(" | ")} |
| ${Array.from({ length: 14 }, () => "--").join(" | ")} |
${Array.from({ length: 6 }, (_, row) => `| ${Array.from({ length: 14 }, (_, at) => `value ${row * 14 + at}`).join(" | ")} |`).join("\n")}
`;

const diagram = `How the load travels:

${"```"}mermaid
graph LR
  Lorry --> Deck --> Hangers --> Cables
  Cables --> Towers
  Cables --> Anchorages
${"```"}

${"```"}mermaid
sequenceDiagram
  Driver->>Bridge: May I cross?
  Bridge-->>Driver: Up to forty tonnes
  Note over Driver,Bridge: In wind, ask again
${"```"}

${"```"}mermaid
this is no diagram
${"```"}

![The towers in fog](https://example.org/fog.jpg)
`;

const words = (text) => text.match(/\s*\S+/g) ?? [];
const text = (source) => words(source).map((word) => ({ kind: "delta", text: word }));
const think = (source) => words(source).map((word) => ({ kind: "reasoning", text: word }));
const complete = { status: "complete" };

const sums = String.raw`The sum of the first $n$ numbers, and why it grows as it does:

$$\sum_{k=1}^{n} k = \frac{n(n+1)}{2}$$

Inline it reads \(\frac{n(n+1)}{2}\), and a price of $5 or $6 is no formula.
`;

/** A scripted answer that ends after `first` steps; continued, it goes on with the rest. */
const cut = (steps, first, outcome) => ({ steps, first, pace: 10, outcome });
const failing = (code, more) => ({
  failure: { code, detail: `the provider said ${code}`, ...more },
});
const ended = (finish_reason) => ({ status: "complete", finish_reason });

/** What was asked, first as a thought and then as the answer, in pieces that part every mark. */
function echo(question) {
  const pieces = question.match(/[\s\S]{1,5}/gu) ?? [];
  return ["reasoning", "delta"].flatMap((kind) => pieces.map((text) => ({ kind, text })));
}

const firstWord = (question) => question.match(/^\w*/)[0].toLowerCase();

/** What the first word of a question makes happen. */
export function answerTo(question) {
  const steps = text(whole);
  switch (firstWord(question)) {
    case "fail":
      return cut(steps, 30, failing("provider_cut_off"));
    case "break":
      return cut(steps, 0, failing("provider_error"));
    case "stall":
      return cut(steps, 20, failing("provider_stalled"));
    case "mute":
      return cut(steps, 0, failing("provider_timeout"));
    case "quota":
      return cut(steps, 0, failing("provider_quota"));
    case "forget":
      return cut(steps, 0, failing("model_not_found"));
    case "overflow":
      return cut(steps, 0, failing("context_too_long"));
    case "garble":
      return cut(steps, 0, failing("provider_bad_response"));
    case "refuse":
      return cut(steps, 0, failing("provider_key_refused"));
    case "limit":
      return cut(steps, 0, failing("provider_rate_limited", { retry_after: 40 }));
    case "interrupt":
      return cut(steps, 40, { status: "interrupted" });
    case "length":
      return cut(steps, 60, ended("length"));
    case "filter":
      return cut(steps, 20, ended("content_filter"));
    case "decline":
      return cut(text("I am sorry, but I will not help with that."), undefined, ended("refusal"));
    case "tool":
      return cut(steps, 12, ended("tool_calls"));
    case "think":
      return {
        steps: think(
          "The question is about loads. Cables only pull, towers only push; begin there, then give the formula. ",
        ).concat(steps),
        pace: 30,
        outcome: complete,
      };
    case "ponder":
      return {
        steps: think("Let me see. ".repeat(12)).concat(text("It stands because it is pulled.")),
        pace: 60,
        outcome: complete,
        usage: { reasoning_tokens: 36 },
      };
    case "arabic":
      return { steps: text(rightToLeft), pace: 0, outcome: complete };
    case "wide":
      return { steps: text(wideTable), pace: 0, outcome: complete };
    case "maths":
      return { steps: text(sums), pace: 0, outcome: complete };
    case "diagram":
      return { steps: text(diagram), pace: 0, outcome: complete };
    case "slow":
      return { steps, pace: 120, outcome: complete };
    case "steady":
      return { steps, pace: 15, outcome: complete };
    case "flood":
      return { steps: Array.from({ length: 60 }, () => steps).flat(), pace: 0, outcome: complete };
    case "short":
      return { steps: text("A short answer, as asked."), pace: 20, outcome: complete };
    case "echo":
      return { steps: echo(question.replace(/^\w+:\s*/, "")), pace: 1, outcome: complete };
    default:
      return { steps, pace: 8, outcome: complete };
  }
}
