import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Message } from "../../api/client";
import { inReadingOrder, messagesQuery } from "../../api/messages";
import { FakeEventSource } from "../../test/fake-event-source";
import { useLiveAnswer } from "./follow";
import { canGoOn, useGoingOn } from "./going-on";
import { useStopping } from "./stopping";

const answer: Message = {
  id: "m",
  attachments: [],
  siblings: ["m"],
  project_id: "p",
  role: "assistant",
  content: "One two",
  status: "stopped",
  finish_reason: null,
  created_at: "2026-03-01T10:00:00.000Z",
  updated_at: "2026-03-01T10:00:00.000Z",
};
const { queryKey } = messagesQuery("p");

let queries: QueryClient;
let asked: { path: string; body: Record<string, string> }[];
let replies: (Response | Error)[];

const json = (body: unknown, status = 202) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json" },
  });
const turn = (content: string) =>
  json({ user_message: { id: "u" }, assistant_message: { ...answer, content, status: "running" } });
const refusal = (code: string, status: number) =>
  json({ title: "", status, code, detail: "", request_id: "" }, status);

beforeEach(() => {
  vi.stubGlobal("EventSource", FakeEventSource);
  FakeEventSource.all = [];
  asked = [];
  replies = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const text = await request.clone().text();
    asked.push({ path: new URL(request.url).pathname, body: text ? JSON.parse(text) : {} });
    const reply = replies.shift() ?? new Error("no more replies");
    if (reply instanceof Error) throw reply;
    return reply;
  });
  queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const known = () => inReadingOrder(queries.getQueryData(queryKey) as never).at(-1) as Message;

function show(message: Message, model: string | null = null) {
  queries.setQueryData(queryKey, {
    pages: [{ items: [message], next_cursor: null }],
    pageParams: [null],
  });
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={queries}>{children}</QueryClientProvider>
  );
  return renderHook(
    () => {
      const last = known();
      const running = last.status === "running" ? last : null;
      return {
        goingOn: useGoingOn({ projectId: "p", last, model, hindrance: null }),
        live: useLiveAnswer("p", running),
        stopping: useStopping("p", running?.id ?? null),
      };
    },
    { wrapper },
  );
}

test("an answer goes on, is stopped, and goes on again under the same id, never losing its text", async () => {
  const page = show(answer, "ollama/gemma3");
  const goOn = async (content: string) => {
    replies = [turn(content)];
    act(() => page.result.current.goingOn?.go());
    expect(page.result.current.goingOn?.busy).toBe(true);
    await waitFor(() => expect(known().status).toBe("running"));
    page.rerender();
    expect(page.result.current.live?.answer.get().shown.content).toBe(content);
    expect(page.result.current.stopping.busy).toBe(false);
  };

  await goOn("One two");
  FakeEventSource.last.say("start", {}, 0);
  FakeEventSource.last.say("message", { delta: "One two" }, 7);
  FakeEventSource.last.say("message", { delta: " three" }, 13);
  await waitFor(() =>
    expect(page.result.current.live?.answer.get().shown.content).toBe("One two three"),
  );
  replies = [json({ ...answer, content: "One two three" }, 200)];
  act(() => page.result.current.stopping.stop());
  await waitFor(() => expect(known().status).toBe("stopped"));
  page.rerender();
  expect(page.result.current.live).toBeNull();

  await goOn("One two three");
  expect(FakeEventSource.all).toHaveLength(2);
  const ids = asked.filter(({ path }) => path.endsWith("/m/continue")).map(({ body }) => body);
  expect(ids.map(({ model }) => model)).toEqual(["ollama/gemma3", "ollama/gemma3"]);
  expect(new Set(ids.map((body) => body.client_request_id)).size).toBe(2);
});

test("while nobody knows whether it was heard, it is the same request", async () => {
  vi.useFakeTimers();
  const page = show(answer);
  act(() => page.result.current.goingOn?.go());
  await act(() => vi.advanceTimersByTimeAsync(30_000));
  expect(asked).toHaveLength(4);
  expect(page.result.current.goingOn?.busy).toBe(false);
  replies = [turn("One two")];
  act(() => page.result.current.goingOn?.go());
  await act(() => vi.advanceTimersByTimeAsync(100));
  expect(known().status).toBe("running");
  const ids = asked.filter(({ path }) => path.endsWith("/continue"));
  expect(ids).toHaveLength(5);
  expect(new Set(ids.map(({ body }) => body.client_request_id)).size).toBe(1);
});

test("after a refusal it is a new request, and the page looks what became of the answer", async () => {
  const page = show(answer);
  replies = [
    refusal("not_continuable", 409),
    json({ items: [{ ...answer, content: "One two three", status: "complete" }] }, 200),
  ];
  const looked = vi.spyOn(queries, "invalidateQueries");
  act(() => page.result.current.goingOn?.go());
  await waitFor(() => expect(page.result.current.goingOn?.busy).toBe(false));
  expect(looked).toHaveBeenCalledWith({ queryKey });
  replies = [turn("One two")];
  act(() => page.result.current.goingOn?.go());
  await waitFor(() => expect(known().status).toBe("running"));
  const ids = asked.filter(({ path }) => path.endsWith("/continue"));
  expect(new Set(ids.map(({ body }) => body.client_request_id)).size).toBe(2);
});

test.each([
  ["stopped", null, true],
  ["interrupted", null, true],
  ["failed", null, true],
  ["complete", "length", true],
  ["complete", "stop", false],
  ["running", null, false],
] as const)("an answer that is %s (%s) can go on: %s", (status, finish_reason, can) => {
  expect(canGoOn({ ...answer, status, finish_reason })).toBe(can);
});

test("a question cannot go on", () => {
  expect(canGoOn({ ...answer, role: "user", status: "complete" })).toBe(false);
});
