import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StreamEvent } from "../../api/stream";
import { byteLength } from "../../lib/utf8";
import { type Answer, beginAnswer, hear, hearAll } from "./transcript";

const fresh = () => beginAnswer({ content: "", reasoning: undefined });

interface Chunk {
  type: "delta" | "reasoning";
  text: string;
}

/** What the server would send for a log cut into these chunks. */
function sent(chunks: Chunk[]): StreamEvent[] {
  let position = 0;
  return chunks.map(({ type, text }) => {
    position += byteLength(text);
    return { type, text, position };
  });
}

const whole = (chunks: Chunk[], type: Chunk["type"]) =>
  chunks
    .filter((chunk) => chunk.type === type)
    .map(({ text }) => text)
    .join("");

/** Text with letters of one to four bytes, never empty. */
const words = fc.string({
  unit: fc.constantFrom("a", " ", "ü", "語", "🍊"),
  minLength: 1,
  maxLength: 6,
});
const chunk = fc.record({
  type: fc.constantFrom("delta" as const, "delta" as const, "reasoning" as const),
  text: words,
});
const log = fc.array(chunk, { maxLength: 20 });

/** The same log with neighbouring chunks joined, as a replay may send it. */
function joined(chunks: Chunk[]): Chunk[] {
  const result: Chunk[] = [];
  for (const { type, text } of chunks) {
    const last = result.at(-1);
    if (last?.type === type) result[result.length - 1] = { type, text: last.text + text };
    else result.push({ type, text });
  }
  return result;
}

const end = (content: string): StreamEvent => ({
  type: "end",
  end: { content, message_id: "m", status: "complete" },
});

describe("an answer heard from its stream", () => {
  test("is the whole text, whatever the chunks", () => {
    fc.assert(
      fc.property(log, (chunks) => {
        const { shown } = hearAll(fresh(), sent(chunks));
        expect(shown.content).toBe(whole(chunks, "delta"));
        expect(shown.reasoning).toBe(whole(chunks, "reasoning"));
      }),
    );
  });

  test("stays the same when events are heard again", () => {
    fc.assert(
      fc.property(log, fc.array(fc.nat(19)), (chunks, again) => {
        const events = sent(chunks);
        const repeated = events.flatMap((event, at) => [
          event,
          ...again.filter((old) => old <= at).map((old) => events[old] as StreamEvent),
        ]);
        expect(hearAll(fresh(), repeated).shown).toEqual(hearAll(fresh(), events).shown);
      }),
    );
  });

  test("never shrinks and never blinks while a new stream repeats it from the start", () => {
    fc.assert(
      fc.property(
        log,
        fc.array(fc.nat(20), { maxLength: 4 }),
        fc.boolean(),
        (chunks, cuts, join) => {
          let answer: Answer = fresh();
          let longest = 0;
          const listen = (events: StreamEvent[]) => {
            for (const event of events) {
              answer = hear(answer, event);
              const { content } = answer.shown;
              expect(whole(chunks, "delta").startsWith(content)).toBe(true);
              expect(content.length).toBeGreaterThanOrEqual(longest);
              longest = content.length;
            }
          };
          for (const cut of cuts) {
            listen([{ type: "reopened" }, { type: "start" }]);
            listen(sent(chunks.slice(0, cut)));
          }
          listen([{ type: "reopened" }, { type: "start" }]);
          listen(sent(join ? joined(chunks) : chunks));
          expect(answer.shown.content).toBe(whole(chunks, "delta"));
          expect(answer.shown.reasoning).toBe(whole(chunks, "reasoning"));
        },
      ),
    );
  });

  test("goes on from the text that a reloaded page already has", () => {
    fc.assert(
      fc.property(log, fc.nat(20), (chunks, cut) => {
        const known = chunks.slice(0, cut);
        const start = beginAnswer({
          content: whole(known, "delta"),
          reasoning: whole(known, "reasoning"),
        });
        const heard = hearAll(start, [{ type: "reopened" }, ...sent(chunks)]);
        expect(heard.shown.content).toBe(whole(chunks, "delta"));
        expect(heard.shown.reasoning).toBe(whole(chunks, "reasoning"));
      }),
    );
  });

  test("takes only the new part of a chunk that overlaps what is known", () => {
    const answer = hearAll(fresh(), [
      { type: "delta", text: "grün", position: 5 },
      { type: "delta", text: "ün und gelb", position: 14 },
    ]);
    expect(answer.shown.content).toBe("grün und gelb");
  });

  test("notices that bytes are missing, shows none of what follows, and heals with a new stream", () => {
    const gap = hearAll(fresh(), [
      { type: "delta", text: "one", position: 3 },
      { type: "delta", text: "three", position: 11 },
    ]);
    expect(gap.gap).toBe(true);
    expect(gap.shown.content).toBe("one");
    const healed = hearAll(gap, [
      { type: "reopened" },
      { type: "delta", text: "onetwothree", position: 11 },
    ]);
    expect(healed.gap).toBe(false);
    expect(healed.shown.content).toBe("onetwothree");
  });

  test("is replaced as a whole when the server knows a different text", () => {
    const before = hearAll(fresh(), [{ type: "delta", text: "abc", position: 3 }]);
    const after = hearAll(before, [
      { type: "reopened" },
      { type: "delta", text: "xyz", position: 3 },
      { type: "delta", text: "!", position: 4 },
    ]);
    expect(after.shown.content).toBe("xyz!");
  });

  test("is replaced by a snapshot, and goes on from its position", () => {
    const answer = hearAll(fresh(), [
      { type: "delta", text: "abc", position: 3 },
      { type: "snapshot", content: "a longer text", reasoning: null, position: 13 },
      { type: "delta", text: "abc", position: 3 },
      { type: "delta", text: "!", position: 14 },
    ]);
    expect(answer.shown.content).toBe("a longer text!");
  });

  test("ends with the text of the end, also in the middle of a replay", () => {
    const answer = hearAll(fresh(), [
      { type: "reasoning", text: "hm", position: 2 },
      { type: "delta", text: "abc", position: 5 },
      { type: "reopened" },
      { type: "reasoning", text: "h", position: 1 },
      end("abcdef"),
    ]);
    expect(answer.shown).toMatchObject({ content: "abcdef", reasoning: "hm" });
    expect(answer.end?.status).toBe("complete");
  });

  test("keeps its text when it fails, and hears nothing more", () => {
    const problem = {
      code: "provider_cut_off",
      detail: "",
      title: "",
      status: 502,
      request_id: "",
    };
    const answer = hearAll(fresh(), [
      { type: "delta", text: "half", position: 4 },
      { type: "failed", problem },
      { type: "delta", text: " more", position: 9 },
    ]);
    expect(answer.shown.content).toBe("half");
    expect(answer.failure?.code).toBe("provider_cut_off");
  });

  test("leaves the queue with the first word", () => {
    const waiting = hear(fresh(), { type: "queued", place: 2 });
    expect(waiting.queue).toBe(2);
    expect(hear(waiting, { type: "delta", text: "a", position: 1 }).queue).toBeNull();
  });

  test("keeps its place in the queue while it hears again what it had", () => {
    const start = beginAnswer({ content: "half", reasoning: "hm" });
    const waiting = hearAll(start, [
      { type: "reopened" },
      { type: "queued", place: 2 },
      { type: "reasoning", text: "hm", position: 2 },
      { type: "delta", text: "half", position: 6 },
    ]);
    expect(waiting).toMatchObject({ queue: 2, begun: 6, replay: null });
    const going = hear(waiting, { type: "delta", text: " more", position: 11 });
    expect(going.queue).toBeNull();
    expect(going.shown).toMatchObject({ content: "half more", position: 11 });
  });
});
