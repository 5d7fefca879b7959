import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeWebSocket } from "../test/fake-web-socket";
import { listen, listening, type News } from "./live";

let session = 200;
let heard: (News | "back" | "signed out")[] = [];
let stop = () => {};

function begin() {
  stop = listen({
    onNews: (news) => heard.push(news),
    onBack: () => heard.push("back"),
    onSignedOut: () => heard.push("signed out"),
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeWebSocket);
  vi.stubGlobal("fetch", async () => Response.json({ id: "ada" }, { status: session }));
  FakeWebSocket.all = [];
  session = 200;
  heard = [];
});
afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("one socket of this origin tells the news", () => {
  begin();
  expect(FakeWebSocket.last.url).toBe(`${location.origin.replace("http", "ws")}/api/ws`);
  expect(listening.get()).toBe(false);
  FakeWebSocket.last.hello();
  expect(listening.get()).toBe(true);
  FakeWebSocket.last.say("not JSON");
  FakeWebSocket.last.say({ type: "resync" });
  expect(heard).toEqual([{ type: "resync" }]);
  expect(FakeWebSocket.all.length).toBe(1);
});

test("a lost connection comes back by itself, and says so once it is there", async () => {
  begin();
  FakeWebSocket.last.hello();
  FakeWebSocket.last.break();
  expect(listening.get()).toBe(false);
  await vi.advanceTimersByTimeAsync(1000);
  expect(FakeWebSocket.all.length).toBe(2);
  expect(heard).toEqual([]);
  FakeWebSocket.last.hello();
  expect(heard).toEqual(["back"]);
});

test("what cannot be opened is tried less and less often", async () => {
  begin();
  const tries: number[] = [];
  for (let n = 0; n < 9; n++) {
    const before = FakeWebSocket.all.length;
    FakeWebSocket.last.break();
    let waited = 0;
    while (FakeWebSocket.all.length === before) {
      await vi.advanceTimersByTimeAsync(100);
      waited += 100;
    }
    tries.push(waited);
  }
  expect(tries[0]).toBeLessThan(800);
  expect(tries[8]).toBeGreaterThan(40_000);
  expect(heard).toEqual([]);
});

test("a session that has ended is not tried again", async () => {
  begin();
  FakeWebSocket.last.hello();
  FakeWebSocket.last.break(4401);
  expect(heard).toEqual(["signed out"]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeWebSocket.all.length).toBe(1);
});

test("a refused upgrade is looked into: it may be the session", async () => {
  begin();
  session = 401;
  FakeWebSocket.last.break();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(heard).toEqual(["signed out"]);
  expect(FakeWebSocket.all.length).toBe(1);
});

test("nothing is heard after leaving, and nothing is opened again", async () => {
  begin();
  const socket = FakeWebSocket.last;
  socket.hello();
  stop();
  expect(socket.closed).toBe(true);
  socket.say({ type: "resync" });
  socket.break();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(heard).toEqual([]);
  expect(FakeWebSocket.all.length).toBe(1);
});

test("a network that comes back is used at once", () => {
  begin();
  FakeWebSocket.last.hello();
  dispatchEvent(new Event("offline"));
  expect(FakeWebSocket.last.closed).toBe(true);
  dispatchEvent(new Event("online"));
  FakeWebSocket.last.hello();
  expect(FakeWebSocket.all.length).toBe(2);
  expect(heard).toEqual(["back"]);
});
