import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { i18n } from "@lingui/core";
import { afterEach, describe, expect, test } from "vitest";
import { type Draft, draftOf, readDraft, reserved } from "./draft";
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

  describe("means what the language means by its marks", () => {
    const before = i18n.locale;
    const speak = (locale: string) => i18n.loadAndActivate({ locale, messages: i18n.messages });
    afterEach(() => speak(before));

    test.each([
      ["en", "1,000", 1000],
      ["en", "12,000", 12_000],
      ["de", "1.000", 1000],
      ["de", "1000", 1000],
    ])("%s: %s tokens are %d", (locale, typed, tokens) => {
      speak(locale);
      expect(read({ max_tokens: typed }).settings.parameters).toEqual({ max_tokens: tokens });
    });

    test("also where a number is shown", () => {
      speak("de");
      const shown = draftOf({ parameters: { temperature: 0.7, top_p: 0.125, max_tokens: 1000 } });
      expect(shown).toMatchObject({ temperature: "0,7", top_p: "0,125", max_tokens: "1000" });
      expect(readDraft(shown).settings.parameters).toEqual({
        temperature: 0.7,
        top_p: 0.125,
        max_tokens: 1000,
      });
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
    ["temperature", "1,000"],
    ["max_tokens", "10000001"],
    ["extra", "seed: 7"],
    ["extra", "[1]"],
    ["extra", `{"long": "${"x".repeat(9000)}"}`],
    ["system_prompt", "x".repeat(32_769)],
  ] as const)("is refused at its field: %s %s", (name, text) => {
    expect(Object.keys(read({ [name]: text }).mistakes)).toEqual([name]);
  });
});

test("the page knows the names that the server passes on to no model", () => {
  const server = resolve(import.meta.dirname, "../../../../src/api/parameters.rs");
  const [, names] = /const RESERVED: [^=]+= (\[[^\]]+\])/.exec(readFileSync(server, "utf8")) ?? [];
  expect(reserved).toEqual(JSON.parse((names ?? "").replace(/,\s*\]/, "]")));
});
