import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeEventSource } from "../test/fake-event-source";
import { follow, type Line, type Stream, type StreamEvent, silence, type Verdict } from "./stream";

let heard: StreamEvent[][];
let lines: Line[];
let verdict: Verdict;
let stream: Stream;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", FakeEventSource);
  FakeEventSource.all = [];
  heard = [];
  lines = [];
  verdict = "retry";
  stream = follow("/stream", {
    onEvents: (events) => heard.push(events),
    onLine: (line) => lines.push(line),
    onGivenUp: async () => verdict,
  });
});

afterEach(() => {
  stream.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const frame = () => vi.advanceTimersByTimeAsync(20);
const types = () => heard.flat().map(({ type }) => type);

test("events are handed over once per frame", async () => {
  FakeEventSource.last.open();
  FakeEventSource.last.say("start", {}, 0);
  FakeEventSource.last.say("message", { delta: "a" }, 1);
  FakeEventSource.last.say("message", { delta: "b" }, 2);
  expect(heard).toEqual([]);
  await frame();
  expect(heard).toEqual([
    [
      { type: "reopened" },
      { type: "start" },
      { type: "delta", position: 1, text: "a" },
      { type: "delta", position: 2, text: "b" },
    ],
  ]);
});

test("positions are counted in bytes, also after a crash", async () => {
  FakeEventSource.last.open();
  FakeEventSource.last.say("message", { delta: "a" }, 1);
  FakeEventSource.last.say("message", { delta: "b" }, 2 ** 32 + 2);
  FakeEventSource.last.say("snapshot", { content: "ac" }, 2 * 2 ** 32 + 2);
  await frame();
  expect(heard.flat().slice(1)).toEqual([
    { type: "delta", position: 1, text: "a" },
    { type: "delta", position: 2, text: "b" },
    { type: "snapshot", position: 2, content: "ac", reasoning: null },
  ]);
});

test("the end is handed over at once, also in a hidden tab, and closes the stream", () => {
  const source = FakeEventSource.last;
  source.say("message", { delta: "a" }, 1);
  source.say("end", { content: "a", message_id: "m", status: "complete" }, "9007199254740991");
  expect(types()).toEqual(["reopened", "delta", "end"]);
  expect(source.readyState).toBe(FakeEventSource.CLOSED);
  expect(lines.at(-1)).toBe("closed");
});

test("a failure closes the stream", () => {
  FakeEventSource.last.say("failed", { code: "provider_error" });
  expect(types()).toEqual(["reopened", "failed"]);
  expect(FakeEventSource.last.readyState).toBe(FakeEventSource.CLOSED);
});

test("while the browser reconnects by itself, no second stream is opened", async () => {
  FakeEventSource.last.open();
  FakeEventSource.last.break();
  expect(lines.at(-1)).toBe("lost");
  await vi.advanceTimersByTimeAsync(15_000);
  expect(FakeEventSource.all).toHaveLength(1);
  FakeEventSource.last.open();
  expect(lines.at(-1)).toBe("open");
});

test("a stream that the browser gave up is opened again, later and later", async () => {
  const waits: number[] = [];
  for (let attempt = 0; attempt < 7; attempt++) {
    const count = FakeEventSource.all.length;
    FakeEventSource.last.giveUp();
    let waited = 0;
    while (FakeEventSource.all.length === count) {
      await vi.advanceTimersByTimeAsync(50);
      waited += 50;
    }
    waits.push(waited);
  }
  expect(waits[0]).toBeLessThan(800);
  expect(waits[3]).toBeGreaterThan(2500);
  expect(Math.max(...waits)).toBeLessThan(12_700);
});

test("words that arrive make the next break harmless again", async () => {
  for (let attempt = 0; attempt < 6; attempt++) {
    FakeEventSource.last.giveUp();
    await vi.advanceTimersByTimeAsync(13_000);
  }
  FakeEventSource.last.say("message", { delta: "a" }, 1);
  const count = FakeEventSource.all.length;
  FakeEventSource.last.giveUp();
  await vi.advanceTimersByTimeAsync(800);
  expect(FakeEventSource.all).toHaveLength(count + 1);
});

test("nothing more is asked when there is nothing left to follow", async () => {
  verdict = "finished";
  FakeEventSource.last.giveUp();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeEventSource.all).toHaveLength(1);
  expect(lines.at(-1)).toBe("closed");
});

test("a silent line is asked again after 40 seconds", async () => {
  FakeEventSource.last.open();
  FakeEventSource.last.say("message", { delta: "a" }, 1);
  await vi.advanceTimersByTimeAsync(silence - 100);
  expect(FakeEventSource.all).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(FakeEventSource.all).toHaveLength(2);
  expect(FakeEventSource.all[0]?.readyState).toBe(FakeEventSource.CLOSED);
});

test("what a replaced stream still says is not heard", async () => {
  const old = FakeEventSource.last;
  stream.reopen();
  old.say("message", { delta: "late" }, 4);
  await frame();
  expect(types()).toEqual(["reopened", "reopened"]);
});

test("a page put away holds no connection and takes it up again when it returns", () => {
  dispatchEvent(new Event("pagehide"));
  expect(FakeEventSource.last.readyState).toBe(FakeEventSource.CLOSED);
  dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  expect(FakeEventSource.all).toHaveLength(2);
});

test("after closing, neither time nor the page's return opens anything", async () => {
  stream.close();
  dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  dispatchEvent(new Event("online"));
  await vi.advanceTimersByTimeAsync(120_000);
  expect(FakeEventSource.all).toHaveLength(1);
  expect(heard).toEqual([]);
});

test("an event of a later version, or one that is no JSON, is passed over", async () => {
  FakeEventSource.last.dispatchEvent(new MessageEvent("message", { data: "not json" }));
  FakeEventSource.last.say("message", { other: 1 }, 1);
  await frame();
  expect(types()).toEqual(["reopened"]);
});
