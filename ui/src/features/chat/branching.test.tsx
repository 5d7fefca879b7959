import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Message } from "../../api/client";
import { inReadingOrder, messagesQuery } from "../../api/messages";
import { useBranching } from "./branching";

const { queryKey } = messagesQuery("p");
const row = document.createElement("article");
const message = (id: string, more: Partial<Message> = {}) =>
  ({
    id,
    role: id.startsWith("q") ? "user" : "assistant",
    siblings: [id],
    content: id,
    ...more,
  }) as Message;

let queries: QueryClient;
let asked: { method: string; path: string; body: Record<string, string> }[];
let replies: (Response | Error)[];
const release = vi.fn();
const hold = vi.fn(() => release);
const onDeleted = vi.fn();

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json" },
  });
const refusal = (code: string, status: number) =>
  json({ title: "", status, code, detail: "", request_id: "" }, status);
const turn = (question: string, answer: string) =>
  json({ user_message: message(question), assistant_message: message(answer) }, 202);
const shown = () => inReadingOrder(queries.getQueryData(queryKey) as never).map(({ id }) => id);

beforeEach(() => {
  vi.clearAllMocks();
  asked = [];
  replies = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const text = await request.clone().text();
    const { pathname: path } = new URL(request.url);
    asked.push({ method: request.method, path, body: text ? JSON.parse(text) : {} });
    const reply = replies.shift() ?? new Error("no more replies");
    if (reply instanceof Error) throw reply;
    return reply;
  });
  queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const items = ["q1", "a1", "q2", "a2"].map((id) => message(id));
  queries.setQueryData(queryKey, { pages: [{ items, next_cursor: null }], pageParams: [null] });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function use(model: string | null = "ollama/gemma3") {
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={queries}>{children}</QueryClientProvider>
  );
  const images = { offered: true, imageless: null };
  const given = { projectId: "p", userId: "u", model, images, hindrance: null, hold, onDeleted };
  return renderHook(() => useBranching(given), { wrapper }).result;
}

test("an answer is given again by the model that is chosen now, and takes the old one's place", async () => {
  const branching = use();
  replies = [turn("q1", "a1b")];
  act(() => branching.current.regenerate(message("a1"), row));
  expect(branching.current.busy).toBe("a1");
  await waitFor(() => expect(shown()).toEqual(["q1", "a1b"]));
  expect(asked[0]?.path).toBe("/api/projects/p/messages/a1/regenerate");
  expect(asked[0]?.body.model).toBe("ollama/gemma3");
  expect(hold).toHaveBeenCalledWith(row, "follow");
  await waitFor(() => expect(branching.current.busy).toBeNull());
  expect(release).toHaveBeenCalled();
});

test("while nobody knows whether it was heard, it is the same request", async () => {
  vi.useFakeTimers();
  const branching = use();
  act(() => branching.current.regenerate(message("a2"), row));
  await act(() => vi.advanceTimersByTimeAsync(30_000));
  replies = [turn("q2", "a2b")];
  act(() => branching.current.regenerate(message("a2"), row));
  await act(() => vi.advanceTimersByTimeAsync(100));
  const ids = asked.filter(({ path }) => path.endsWith("/regenerate"));
  expect(ids).toHaveLength(5);
  expect(new Set(ids.map(({ body }) => body.client_request_id)).size).toBe(1);
});

test("after a refusal the page looks what became of the conversation", async () => {
  const branching = use();
  const looked = vi.spyOn(queries, "invalidateQueries");
  replies = [refusal("answer_running", 409)];
  act(() => branching.current.regenerate(message("a2"), row));
  await waitFor(() => expect(looked).toHaveBeenCalledWith({ queryKey }));
  expect(shown()).toEqual(["q1", "a1", "q2", "a2"]);
});

test("a question in other words keeps its draft until the server has it", async () => {
  const branching = use();
  const key = "loquat.draft.u.p.edit.q2";
  const other = { text: "other", images: [] };
  replies = [refusal("too_many_turns", 429), turn("q2b", "a2b")];
  await act(() => branching.current.edit(message("q2"), other, row).catch(() => {}));
  expect(localStorage.getItem(key)).toContain("other");
  await act(() => branching.current.edit(message("q2"), other, row));
  expect(localStorage.getItem(key)).toBeNull();
  expect(shown()).toEqual(["q1", "a1", "q2b", "a2b"]);
  const ids = asked.filter(({ method }) => method === "PATCH").map(({ body }) => body);
  expect(ids[0]?.client_request_id).toBe(ids[1]?.client_request_id);
});

test("another version is shown in the same place", async () => {
  const branching = use();
  const items = ["q1", "a1b", "q3", "a3"].map((id) => message(id));
  replies = [json({ id: "p", name: "A" }), json({ items, next_cursor: null })];
  act(() => branching.current.show(message("a1"), "a1b", row));
  await waitFor(() => expect(shown()).toEqual(["q1", "a1b", "q3", "a3"]));
  expect(asked[0]?.body).toEqual({ active_message_id: "a1b" });
  expect(hold).toHaveBeenCalledWith(row, "stay");
});

test("the message box takes the focus of what is deleted", async () => {
  const branching = use();
  const box = document.createElement("textarea");
  box.id = "composer";
  const button = document.createElement("button");
  row.append(button);
  document.body.append(row, box);
  button.focus();
  replies = [new Response(null, { status: 204 }), json({ items: [], next_cursor: null })];
  act(() => branching.current.remove(message("q1"), row));
  await waitFor(() => expect(onDeleted).toHaveBeenCalledOnce());
  expect(document.activeElement).toBe(box);
  box.remove();
  row.remove();
});

test("what is deleted gives way to what the server shows instead", async () => {
  const branching = use();
  const items = ["q1", "a1"].map((id) => message(id));
  replies = [new Response(null, { status: 204 }), json({ items, next_cursor: null })];
  act(() => branching.current.remove(message("q2"), row));
  await waitFor(() => expect(shown()).toEqual(["q1", "a1"]));
  expect(asked[0]).toMatchObject({ method: "DELETE", path: "/api/projects/p/messages/q2" });
  await waitFor(() => expect(onDeleted).toHaveBeenCalledOnce());
});
