import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { loadBranch, showBranch, showTurnInstead } from "./branches";
import type { Message, Turn } from "./client";
import { inReadingOrder, messagesQuery } from "./messages";

const { queryKey } = messagesQuery("p");
let queries: QueryClient;
let asked: string[];
let replies: unknown[];

const message = (id: string, more: Partial<Message> = {}) =>
  ({ id, role: id.startsWith("q") ? "user" : "assistant", siblings: [id], ...more }) as Message;
const page = (ids: string[], next_cursor: string | null = null) => ({
  items: ids.map((id) => message(id)),
  next_cursor,
});
const shown = () => inReadingOrder(queries.getQueryData(queryKey) as never).map(({ id }) => id);
const turn = (question: string, answer: string) =>
  ({ user_message: message(question), assistant_message: message(answer) }) as Turn;

beforeEach(() => {
  queries = new QueryClient();
  asked = [];
  replies = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname, search } = new URL(request.url);
    asked.push(`${request.method} ${pathname}${search}`);
    return new Response(JSON.stringify(replies.shift()), {
      headers: { "content-type": "application/json" },
    });
  });
});

afterEach(() => vi.unstubAllGlobals());

test("another answer takes the place of the old one and of all that came after it", async () => {
  const pages = [page(["q2", "a2"], "older"), page(["q1", "a1"])];
  queries.setQueryData(queryKey, { pages, pageParams: [null, "older"] });
  await showTurnInstead(queries, "p", "a1", turn("q1", "a1b"));
  expect(shown()).toEqual(["q1", "a1b"]);
  const data = queries.getQueryData(queryKey);
  expect(data?.pageParams).toEqual([null]);
  expect(data?.pages.at(-1)?.next_cursor).toBeNull();
});

test("an answer whose question is on the page before comes without a second question", async () => {
  const pages = [page(["a1", "q2", "a2"], "older"), page(["q1"])];
  queries.setQueryData(queryKey, { pages, pageParams: [null, "older"] });
  await showTurnInstead(queries, "p", "a1", turn("q1", "a1b"));
  expect(shown()).toEqual(["q1", "a1b"]);
});

test("an edited question takes the place of the old one, and comes with its answer", async () => {
  const pages = [page(["q1", "a1", "q2", "a2", "q3", "a3"])];
  queries.setQueryData(queryKey, { pages, pageParams: [null] });
  await showTurnInstead(queries, "p", "q2", turn("q2b", "a2b"));
  expect(shown()).toEqual(["q1", "a1", "q2b", "a2b"]);
});

test("what is not shown any more is not replaced", async () => {
  queries.setQueryData(queryKey, { pages: [page(["q1", "a1"])], pageParams: [null] });
  await showTurnInstead(queries, "p", "a9", turn("q9", "a9b"));
  expect(shown()).toEqual(["q1", "a1"]);
});

test("a longer branch is loaded back to what stood above the message that was switched", async () => {
  queries.setQueryData(queryKey, { pages: [page(["q1", "a1"], "top")], pageParams: [null] });
  replies = [
    { id: "p", name: "A" },
    page(["q4", "a4"], "1"),
    page(["a1b", "q3", "a3"], "2"),
    page(["q1"], "top"),
  ];
  await showBranch(queries, "p", "a1", "a1b");
  expect(asked[0]).toBe("PATCH /api/projects/p");
  expect(asked).toHaveLength(4);
  expect(shown()).toEqual(["q1", "a1b", "q3", "a3", "q4", "a4"]);
  expect(queries.getQueryData(queryKey)?.pageParams).toEqual([null, "1", "2"]);
});

test("when the first of all is deleted, no page is asked for in vain", async () => {
  queries.setQueryData(queryKey, { pages: [page(["q1", "a1"])], pageParams: [null] });
  replies = [page(["q1b", "a1b"], "more")];
  await loadBranch(queries, "p", "q1");
  expect(shown()).toEqual(["q1b", "a1b"]);
});
