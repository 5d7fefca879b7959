/** The messages of a conversation: pages from the newest back, each in reading order. */
import { type InfiniteData, infiniteQueryOptions, type QueryClient } from "@tanstack/react-query";
import { backOff, wait } from "../lib/back-off";
import { call, client, type Message, type Turn } from "./client";
import { ConnectionError } from "./problem";

interface Page {
  items: Message[];
  next_cursor?: string | null;
}
type Pages = InfiniteData<Page, unknown>;

export function messagesQuery(projectId: string) {
  return infiniteQueryOptions({
    queryKey: ["messages", projectId],
    queryFn: ({ pageParam }) =>
      call(
        client.GET("/api/projects/{project_id}/messages", {
          params: {
            path: { project_id: projectId },
            query: pageParam ? { cursor: pageParam, limit: 40 } : { limit: 40 },
          },
        }),
      ) as Promise<Page>,
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? null,
    staleTime: 5_000,
  });
}

/** All loaded messages, oldest first. */
export function inReadingOrder(pages: Pages): Message[] {
  return pages.pages.toReversed().flatMap((page) => page.items);
}

export interface NewTurn {
  content: string;
  client_request_id: string;
  model?: string;
}

/**
 * Starts a turn. A lost connection is tried again with the same request id, for which the server
 * returns the same turn: the model is asked once, however often the network fails.
 */
export async function startTurn(
  projectId: string,
  turn: NewTurn,
  pause: (attempt: number) => Promise<void> = (attempt) => wait(backOff(attempt)),
): Promise<Turn> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call(
        client.POST("/api/projects/{project_id}/messages", {
          params: { path: { project_id: projectId } },
          body: turn,
        }),
      );
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
