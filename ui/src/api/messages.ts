/** The messages of a conversation: pages from the newest back, each in reading order. */
import { type InfiniteData, infiniteQueryOptions, type QueryClient } from "@tanstack/react-query";
import { backOff, wait } from "../lib/back-off";
import { call, client, type Message, type Turn } from "./client";
import { ConnectionError } from "./problem";

export interface MessagePage {
  items: Message[];
  next_cursor?: string | null;
}
type Pages = InfiniteData<MessagePage, unknown>;

export function messagesQuery(projectId: string) {
  return infiniteQueryOptions({
    queryKey: ["messages", projectId],
    queryFn: ({ pageParam }) => fetchMessages(projectId, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? null,
    staleTime: 5_000,
  });
}

/** What stands before a message, in large pages: for their words alone. */
export function textsQuery(projectId: string, before: string | null) {
  return infiniteQueryOptions({
    queryKey: ["texts", projectId, before],
    queryFn: ({ pageParam }) => fetchMessages(projectId, pageParam, 200),
    initialPageParam: before,
    getNextPageParam: (page) => page.next_cursor ?? null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
}

/** A page of the branch that is shown; without a cursor its newest. */
export function fetchMessages(
  projectId: string,
  cursor: string | null,
  limit = 40,
): Promise<MessagePage> {
  return call(
    client.GET("/api/projects/{project_id}/messages", {
      params: {
        path: { project_id: projectId },
        query: cursor ? { cursor, limit } : { limit },
      },
    }),
  ) as Promise<MessagePage>;
}

/** The whole branch that is shown, oldest first. */
export async function fetchAllMessages(projectId: string): Promise<Message[]> {
  const pages: MessagePage[] = [];
  let cursor: string | null = null;
  do {
    const page: MessagePage = await fetchMessages(projectId, cursor, 200);
    pages.unshift(page);
    cursor = page.next_cursor ?? null;
  } while (cursor !== null);
  return pages.flatMap(({ items }) => items);
}

/** All loaded messages, oldest first. */
export function inReadingOrder(pages: Pages): Message[] {
  return pages.pages.toReversed().flatMap((page) => page.items);
}

export interface NewTurn {
  content: string;
  client_request_id: string;
  model?: string;
  /** The ids of the images that go with it. */
  attachments?: string[];
}

export type Pause = (attempt: number) => Promise<void>;

/**
 * Starts a turn. A lost connection is tried again with the same request id, for which the server
 * returns the same turn: the model is asked once, however often the network fails.
 */
export function startTurn(projectId: string, turn: NewTurn, pause?: Pause): Promise<Turn> {
  return untilHeard(
    () =>
      client.POST("/api/projects/{project_id}/messages", {
        params: { path: { project_id: projectId } },
        body: turn,
      }),
    pause,
  );
}

export interface Continuation {
  client_request_id: string;
  model?: string;
}

/** Lets an answer that was cut short go on from its end: the same message is running again. */
export function continueAnswer(
  projectId: string,
  messageId: string,
  continuation: Continuation,
  pause?: Pause,
): Promise<Turn> {
  return untilHeard(
    () =>
      client.POST("/api/projects/{project_id}/messages/{message_id}/continue", {
        params: { path: { project_id: projectId, message_id: messageId } },
        body: continuation,
      }),
    pause,
  );
}

/** Sends a request that may safely arrive twice until it is answered, up to four times. */
export async function untilHeard<T>(
  request: () => Parameters<typeof call<T>>[0],
  pause: Pause = (attempt) => wait(backOff(attempt)),
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call(request());
    } catch (error) {
      if (!(error instanceof ConnectionError) || attempt === 3) throw error;
      await pause(attempt);
    }
  }
}

export function stopAnswer(projectId: string, messageId: string): Promise<Message> {
  return call(
    client.POST("/api/projects/{project_id}/messages/{message_id}/stop", {
      params: { path: { project_id: projectId, message_id: messageId } },
    }),
  );
}

/** Shows a started turn at the end of its conversation. */
export function showTurn(queries: QueryClient, projectId: string, turn: Turn): void {
  const both = [turn.user_message, turn.assistant_message];
  queries.setQueryData(messagesQuery(projectId).queryKey, (pages) => {
    const [newest, ...older] = pages?.pages ?? [];
    const known = (newest?.items ?? []).filter((item) => both.every(({ id }) => id !== item.id));
    const first = { next_cursor: null, ...newest, items: [...known, ...both] };
    return { pages: [first, ...older], pageParams: pages?.pageParams ?? [null] };
  });
}

export function patchMessage(
  queries: QueryClient,
  projectId: string,
  messageId: string,
  change: Partial<Message>,
): void {
  queries.setQueryData(
    messagesQuery(projectId).queryKey,
    (pages) =>
      pages && {
        ...pages,
        pages: pages.pages.map((page) => ({
          ...page,
          items: page.items.map((item) => (item.id === messageId ? { ...item, ...change } : item)),
        })),
      },
  );
}

export function streamUrl(projectId: string, messageId: string): string {
  return `/api/projects/${projectId}/messages/${messageId}/stream`;
}
