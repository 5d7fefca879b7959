import { describe, expect, test } from "vitest";
import { type Draft, draftOf, readDraft } from "./draft";
import { isPlain } from "./is-plain";

const plain = draftOf(null);
const read = (change: Partial<Draft>) => readDraft({ ...plain, ...change });

describe("what is typed", () => {
  test("is sent as numbers and objects, and what is empty is left out", () => {
    const { settings, mistakes } = read({
      system_prompt: " Be brief. ",
      temperature: "0,7",
      max_tokens: "400",
      extra: '{"seed": 7}',
    });
    expect(mistakes).toEqual({});
    expect(settings).toEqual({
      system_prompt: "Be brief.",
      parameters: { temperature: 0.7, max_tokens: 400, extra: { seed: 7 } },
    });
  });

  test("and what is stored come back as each other", () => {
    const stored = {
      system_prompt: "Be brief.",
      parameters: { top_p: 0.5, reasoning_effort: "low", extra: { seed: 7 } },
    };
    expect(readDraft(draftOf(stored)).settings).toEqual(stored);
    expect(isPlain(readDraft(plain).settings)).toBe(true);
    expect(isPlain(stored)).toBe(false);
  });

  test.each([
    ["temperature", "2.1"],
    ["temperature", "warm"],
    ["temperature", "-1"],
    ["top_p", "1.5"],
    ["max_tokens", "0"],
    ["max_tokens", "1.5"],
    ["max_tokens", "10000001"],
    ["extra", "seed: 7"],
    ["extra", "[1]"],
    ["extra", `{"long": "${"x".repeat(9000)}"}`],
    ["system_prompt", "x".repeat(32_769)],
  ] as const)("is refused at its field: %s %s", (name, text) => {
    expect(Object.keys(read({ [name]: text }).mistakes)).toEqual([name]);
  });
});
