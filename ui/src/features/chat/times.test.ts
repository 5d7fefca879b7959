import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { forgetTimes, noteAsked, noteTimes, thinkingTime, timesOf } from "./times";
import { beginAnswer, hear } from "./transcript";

const empty = beginAnswer({ content: "", reasoning: null });
const thinking = hear(empty, { type: "reasoning", text: "Hm", position: 2 });
const speaking = hear(thinking, { type: "delta", text: "Yes", position: 5 });
const over = hear(speaking, {
  type: "end",
  end: { content: "Yes", message_id: "m", status: "complete" },
});

beforeEach(() => vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => vi.useRealTimers());

test("thinking, speaking and ending are noted once, when they are seen", () => {
  noteAsked("m", Date.now());
  vi.advanceTimersByTime(400);
  noteTimes("m", empty, thinking);
  vi.advanceTimersByTime(12_000);
  noteTimes("m", thinking, speaking);
  noteTimes("m", empty, speaking);
  vi.advanceTimersByTime(3_000);
  noteTimes("m", speaking, over);
  const times = timesOf("m");
  expect(times).toEqual({
    asked: 1e6,
    thought: 1e6 + 400,
    spoke: 1e6 + 12_400,
    ended: 1e6 + 15_400,
  });
  expect(thinkingTime(times)).toBe(12_000);
  expect(sessionStorage.getItem("loquat.times")).toContain("1012400");
});

test("an answer whose question was asked elsewhere has no times", () => {
  noteTimes("other", empty, speaking);
  expect(timesOf("other")).toEqual({});
});

test("an answer that goes on forgets them, and learns no new ones", () => {
  noteAsked("n", Date.now());
  noteTimes("n", empty, thinking);
  forgetTimes("n");
  noteTimes("n", thinking, over);
  expect(timesOf("n")).toEqual({});
  expect(thinkingTime(timesOf("n"))).toBeUndefined();
});
