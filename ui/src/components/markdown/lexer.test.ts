import fc from "fast-check";
import { Marked, type Token, type Tokens } from "marked";
import { describe, expect, test } from "vitest";
import { blockMath, inlineMath } from "./formulas";
import { type Lexed, lexGrowing, nothingLexed } from "./lexer";

/** Pieces of markdown whose meaning changes with what follows them. */
const examples = [
  "One paragraph\nover two lines.\n\nAnother one.",
  "Title\n===\n\nSub\n---\n\ntext\n***\n",
  "# One\n## Two ##\n### Three\ntext right below",
  "para\n#not a heading\n# heading\npara",
  "- a\n- b\n\n- c after a blank line\n\n  still c\n\nd is out\n",
  "1. one\n2. two\n   - nested\n     more\n   - nested two\n\n3. three\n",
  "- a\n\n-\n\n- - deep\n",
  "- [ ] open\n- [x] done\n",
  "* one\n+ another list\n- a third\n",
  "> quote\n> more\nlazy\n\n> second quote\n\nafter",
  "> - list in quote\n>   more\n>\n> end\n",
  "```js\nlet a = 1;\n\n# no heading\n```\nafter\n",
  "```\nnever closed\n\nstill code\n",
  "~~~~md\n```\ninner\n```\n~~~~\n\nout",
  "    indented code\n\n    goes on\n\ntext\n",
  "text\n    not code, a continuation\n",
  "| a | b |\n| :-- | --: |\n| 1 | 2 |\n| 3 |\n\nafter",
  "a | b\n--|--\n1 | 2\nnot a row but one\n",
  "| no | table |\njust text\n",
  "**bold** and *em* and ***both*** and ~~gone~~ and `code` and ``a ` b``",
  "a **bold over\ntwo lines** and _this_one_ and snake_case_word",
  '[link](https://example.org "title") <https://example.org> https://example.org.',
  "[ref] and [other][ref]\n\nlater\n\n[ref]: https://example.org 'T'\n\nend",
  "[late]\n\nmore\n\n- item\n\n[late]: /url\n",
  "![alt *text*](https://example.org/a.png) inline",
  "<div>\n\n*not html inside*\n\n</div>\n\n<!-- a comment\n\nover lines -->\ntext",
  "<script>\nalert(1)\n\n</script>\n\ntext <b>bold?</b> &amp; &copy;\n",
  "hard  \nbreak\\\nand \\*escaped\\*",
  "$$\nx = \\frac{a}{b}\n$$\n\ntext $a_1 + b_1$ and \\(c\\) and \\[d\\]\n\n\\[\ne^{i\\pi}\n\\]\n",
  "It costs $5 and $10, or $5/$6.\n\n$$\nnever closed\n\nnext",
  "a\n\n\n\nb\n \n\t\nc",
  "---\n\n***\n- - -\ntext\n---\n",
  "tab\there\r\nand\rreturns\r\n\r\nend",
  "1) one\n2) two\n\n10. ten\n",
  "- item\n```\ncode\n```\n- item\n",
  "term\n: not a definition\n\n[^1]: a footnote\n",
];

/** All at once, by marked alone. */
const marked = new Marked({ gfm: true, extensions: [blockMath(), inlineMath()] });
const lex = (source: string) => marked.lexer(source);

/** What is shown. A long text may be kept in several pieces. */
function shape(tokens: Token[]): unknown {
  return JSON.parse(JSON.stringify(tokens), (key, value) =>
    key === "tokens" ? value.reduce(withText, []) : value,
  );
}

function withText(tokens: Token[], token: Token): Token[] {
  const last = tokens.at(-1);
  if (last?.type !== "text" || token.type !== "text" || token.tokens) return [...tokens, token];
  const whole = { ...last, raw: last.raw + token.raw, text: last.text + token.text };
  return [...tokens.slice(0, -1), whole];
}

function grow(text: string, steps: number[]): Lexed {
  let state = nothingLexed;
  for (const at of steps) state = lexGrowing(state, text.slice(0, at));
  return lexGrowing(state, text);
}

const normal = (text: string) => text.replace(/\r\n?/g, "\n");

describe("markdown that grows", () => {
  test.each(examples)("is at every letter what one parse makes of it: %j", (text) => {
    const source = normal(text);
    let state = nothingLexed;
    for (let at = 1; at <= source.length; at++) {
      state = lexGrowing(state, source.slice(0, at));
      expect(shape(state.tokens)).toEqual(shape(lex(source.slice(0, at))));
    }
  });

  test("is the same whatever the order of examples and the size of steps", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...examples), { minLength: 2, maxLength: 5 }),
        fc.constantFrom("\n", "\n\n"),
        fc.array(fc.nat(600), { maxLength: 12 }),
        (parts, between, cuts) => {
          const text = normal(parts.join(between));
          const steps = cuts.filter((cut) => cut < text.length).sort((a, b) => a - b);
          expect(shape(grow(text, steps).tokens)).toEqual(shape(lex(text)));
        },
      ),
      { numRuns: 300 },
    );
  });

  const lines = [
    "- item\n",
    "- item with **marks** and more\n",
    "- item\n\n",
    "- [ ] to do\n",
    "- [x] done\n",
    "  - nested\n",
    "  more of it\n",
    "  more after a blank line\n\n",
    "lazy\n",
    "-\n",
    "- ```\n  code\n\n  code\n  ```\n",
    "- > quote\n",
    "   - indented\n",
    "    - [r]\n",
    "\n",
    "1. number\n",
    "2. number\n\n",
    "* another\n",
    "---\n",
    "| a | b |\n",
    "| c |\n",
    "a | `|` | d\n",
    "> quote\n",
    "# heading\n",
    "[r]: https://example.org/a\n",
  ];
  const marks = [
    ...[
      "word ",
      "words and words ",
      "end.\n",
      "hard  \n",
      "a*b ",
      "**",
      "*",
      "_",
      "__",
      "~~",
      "`",
      "``",
    ],
    ...[
      "$",
      "$$",
      "$x$ ",
      "[",
      "](",
      ")",
      "<",
      "<b> ",
      ">",
      "\\",
      "!",
      "&",
      "&amp; ",
      "* ",
      " _a_ ",
    ],
    ...[
      "**bold** ",
      "*em* ",
      "`code` ",
      "[link](https://example.org) ",
      "https://example.org/a ",
      "\\( ",
      "$a<b$ ",
      "$[0$ ",
      "$``$ ",
      "``a`b`` ",
      "\\` ",
      "\\< ",
      "\\[ ",
      "](/a) ",
      "[a](/b`c) ",
      "[a](/b<c) ",
      "<https://example.org/a> ",
    ],
  ];
  test("is the same while a paragraph grows long", () => {
    const piece = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...marks) },
      { weight: 2, arbitrary: fc.constant("words and **bold** words of `code` and more of them ") },
      { weight: 1, arbitrary: fc.constant("many words without any mark ".repeat(20)) },
    );
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 60, maxLength: 200 }),
        fc.array(fc.nat(20_000), { minLength: 6, maxLength: 20 }),
        (pieces, cuts) => {
          const text = "words that come first ".repeat(100) + pieces.join("");
          const steps = cuts.map((cut) => cut % text.length).sort((a, b) => a - b);
          let state = nothingLexed;
          for (const at of [...steps, text.length]) {
            state = lexGrowing(state, text.slice(0, at));
            expect(shape(state.tokens)).toEqual(shape(lex(text.slice(0, at))));
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  const begun = [
    ["a list", "- item\n"],
    ["a list after a paragraph", "text\n- item\n"],
    ["a list with blank lines", "- item\n\n"],
    ["a list of things to do", "- [x] item\n"],
    ["a numbered list", "1. item\n"],
    ["a table", "| a | b |\n| -- | -- |\n| 1 | 2 |\n"],
    ["a table after a heading", "# T\na | b\n-- | --:\n1 | 2\n"],
  ] as const;
  test.each(begun)("is the same while %s grows long", (_, first) => {
    const line = first.slice(first.lastIndexOf("\n", first.trimEnd().length - 1) + 1);
    const usual = fc.constant(line);
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 12, arbitrary: usual }, fc.constantFrom(...lines)), {
          minLength: 20,
          maxLength: 60,
        }),
        fc.array(fc.nat(1000), { minLength: 6, maxLength: 30 }),
        (more, cuts) => {
          const text = first + line.repeat(14) + more.join("");
          const steps = cuts.map((cut) => cut % text.length).sort((a, b) => a - b);
          let state = nothingLexed;
          for (const at of [...steps, text.length]) {
            state = lexGrowing(state, text.slice(0, at));
            expect(shape(state.tokens)).toEqual(shape(lex(text.slice(0, at))));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test("keeps finished blocks as they are and reads only the last one again", () => {
    const paragraph = "A paragraph of some words.\n\n";
    const before = lexGrowing(nothingLexed, paragraph.repeat(50));
    const after = lexGrowing(before, `${paragraph.repeat(50)}and more`);
    expect(before.openAt).toBeGreaterThan(paragraph.length * 47);
    const kept = after.tokens.filter((token) => before.tokens.includes(token));
    expect(kept.length).toBeGreaterThan(90);
  });

  test.each([
    ["items of a list", "- an item of some words\n"],
    ["items with blank lines between", "- an item of some words\n\n"],
    ["rows of a table", "| a | b |\n"],
  ])("keeps finished %s as they are", (_, line) => {
    const text = `| a | b |\n|--|--|\n`.repeat(line[0] === "|" ? 1 : 0) + line.repeat(100);
    const parts = ({ tokens: [block] }: Lexed): unknown[] =>
      block?.type === "table" ? block.rows : (block as Tokens.List).items;
    let state = nothingLexed;
    for (let at = 0; at < text.length; at += 7) state = lexGrowing(state, text.slice(0, at));
    const after = lexGrowing(state, `${text}${line}`);
    expect(parts(after).filter((part) => parts(state).includes(part)).length).toBeGreaterThan(80);
  });

  test("reads no more than the end after a link is defined", () => {
    const before = lexGrowing(
      nothingLexed,
      `[r] text\n\n[r]: https://example.org\n\n${"text\n\n".repeat(20)}`,
    );
    const after = lexGrowing(before, `${before.source}more [r]`);
    expect(shape(after.tokens)).toEqual(shape(lex(after.source)));
    expect(after.tokens[0]).toBe(before.tokens[0]);
  });

  test("starts over when the text is another one", () => {
    const before = lexGrowing(nothingLexed, "one\n\ntwo\n\nthree\n");
    expect(shape(lexGrowing(before, "else").tokens)).toEqual(shape(lex("else")));
  });
});

describe("formulas", () => {
  const formulas = (text: string) => {
    const found: string[] = [];
    const walk = (tokens: Token[]) => {
      for (const token of tokens) {
        if (token.type === "math") found.push(`${token.display ? "D" : "I"}:${token.text}`);
        walk(("tokens" in token && token.tokens) || []);
      }
    };
    walk(lex(text));
    return found;
  };

  test.each([
    ["$x^2$", ["I:x^2"]],
    ["\\(a_b\\) and \\[c\\]", ["I:a_b", "D:c"]],
    ["$$\nE = mc^2\n$$", ["D:E = mc^2"]],
    ["\\[\n\\int_0^1 x\n\\]", ["D:\\int_0^1 x"]],
    ["text\n$$\nx\n$$\nmore", ["D:x"]],
    ["so $a$, $b$ and $c$.", ["I:a", "I:b", "I:c"]],
    ["It costs $5 and then $10.", []],
    ["between $5-$10", []],
    ["an escaped \\$x\\$", []],
    ["`$x$`", []],
    ["$ x $", []],
    ["$$ two paragraphs\n\nare no formula $$", []],
  ])("of %j", (text, expected) => {
    expect(formulas(text)).toEqual(expected);
  });
});
