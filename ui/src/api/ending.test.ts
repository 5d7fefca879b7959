import { InfiniteQueryObserver, QueryClient } from "@tanstack/react-query";
import { afterEach, expect, test, vi } from "vitest";
import type { Message } from "./client";
import { writeEnd } from "./ending";
import { inReadingOrder, messagesQuery } from "./messages";

afterEach(() => vi.unstubAllGlobals());

const answer = (status: Message["status"]) => ({ id: "a", role: "assistant", status }) as Message;

test("an older list that is on its way does not bring back that an answer is being written", async () => {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const { queryKey } = messagesQuery("p");
  const replies: ((status: Message["status"]) => void)[] = [];
  vi.stubGlobal(
    "fetch",
    () =>
      new Promise<Response>((resolve) => {
        replies.push((status) => resolve(Response.json({ items: [answer(status)] })));
      }),
  );
  queries.setQueryData(queryKey, {
    pages: [{ items: [answer("running")], next_cursor: null }],
    pageParams: [null],
  });
  const observer = new InfiniteQueryObserver(queries, messagesQuery("p"));
  const stop = observer.subscribe(() => {});
  const status = () => inReadingOrder(queries.getQueryData(queryKey) as never)[0]?.status;
  void queries.invalidateQueries({ queryKey });
  await vi.waitFor(() => expect(replies).toHaveLength(1));
  writeEnd(queries, "p", "a", { status: "complete" });
  expect(status()).toBe("complete");
  replies[0]?.("running");
  await vi.waitFor(() => expect(replies).toHaveLength(2));
  expect(status()).toBe("complete");
  replies[1]?.("complete");
  await vi.waitFor(() => expect(queries.isFetching()).toBe(0));
  expect(status()).toBe("complete");
  stop();
});

test("where nothing is on its way, nothing is asked", () => {
  const fetched = vi.fn();
  vi.stubGlobal("fetch", fetched);
  const queries = new QueryClient();
  writeEnd(queries, "p", "a", { status: "complete" });
  expect(fetched).not.toHaveBeenCalled();
});
