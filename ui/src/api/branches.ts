/** The branches of a conversation: answering once more, asking in other words, showing, deleting. */
import type { QueryClient } from "@tanstack/react-query";
import { call, client, type Message, type Project, type Turn } from "./client";
import {
  type Continuation,
  fetchMessages,
  type MessagePage,
  messagesQuery,
  type NewTurn,
  type Pause,
  untilHeard,
} from "./messages";
import { showProject } from "./projects";

/** A further answer to the same question, beside the one there is. */
export function regenerateAnswer(
  projectId: string,
  messageId: string,
  regeneration: Continuation,
  pause?: Pause,
): Promise<Turn> {
  return untilHeard(
    () =>
      client.POST("/api/projects/{project_id}/messages/{message_id}/regenerate", {
        params: { path: { project_id: projectId, message_id: messageId } },
        body: regeneration,
      }),
    pause,
  );
}

/** The question in other words, beside the one there is, and its answer. */
export function editQuestion(
  projectId: string,
  messageId: string,
  change: NewTurn,
  pause?: Pause,
): Promise<Turn> {
  return untilHeard(
    () =>
      client.PATCH("/api/projects/{project_id}/messages/{message_id}", {
        params: { path: { project_id: projectId, message_id: messageId } },
        body: change,
      }),
    pause,
  );
}

/** Takes everything below it along. */
export async function deleteMessage(projectId: string, messageId: string): Promise<void> {
  await call(
    client.DELETE("/api/projects/{project_id}/messages/{message_id}", {
      params: { path: { project_id: projectId, message_id: messageId } },
    }),
  );
}

function activate(projectId: string, messageId: string): Promise<Project> {
  return call(
    client.PATCH("/api/projects/{project_id}", {
      params: { path: { project_id: projectId } },
      body: { active_message_id: messageId },
    }),
  );
}

/** Shows the branch of `siblingId` in place of `messageId`, down to the newest message below it. */
export async function showBranch(
  queries: QueryClient,
  projectId: string,
  messageId: string,
  siblingId: string,
): Promise<void> {
  const project = await activate(projectId, siblingId);
  await loadBranch(queries, projectId, messageId, siblingId);
  showProject(queries, project);
}

/**
 * Loads the branch that is shown now as far back as the page had loaded the one before, so that
 * what stands above `messageId`, which is gone from it, is still there.
 */
export async function loadBranch(
  queries: QueryClient,
  projectId: string,
  messageId: string,
  siblingId: string | null = null,
): Promise<void> {
  const { queryKey } = messagesQuery(projectId);
  const oldest = queries.getQueryData(queryKey)?.pages.at(-1)?.items[0]?.id;
  const missing = new Set([oldest, siblingId].filter((id) => id && id !== messageId));
  const pages: MessagePage[] = [];
  const pageParams: (string | null)[] = [];
  let cursor: string | null = null;
  do {
    const page: MessagePage = await fetchMessages(projectId, cursor);
    for (const { id } of page.items) missing.delete(id);
    pages.push(page);
    pageParams.push(cursor);
    cursor = page.next_cursor ?? null;
  } while (cursor !== null && missing.size > 0);
  // An older list that is still on its way would show the branch before.
  await queries.cancelQueries({ queryKey });
  queries.setQueryData(queryKey, { pages, pageParams });
}

/** Shows a turn that stands beside `replacedId`: that message and all after it give way. */
export async function showTurnInstead(
  queries: QueryClient,
  projectId: string,
  replacedId: string,
  turn: Turn,
): Promise<void> {
  const { queryKey } = messagesQuery(projectId);
  await queries.cancelQueries({ queryKey });
  queries.setQueryData(queryKey, (loaded) => {
    if (!loaded) return loaded;
    const isReplaced = ({ id }: Message) => id === replacedId;
    const at = loaded.pages.findIndex(({ items }) => items.some(isReplaced));
    const [page, ...older] = loaded.pages.slice(Math.max(0, at));
    // Another tab has gone elsewhere meanwhile: the news of that bring the rest.
    if (at < 0 || !page) return loaded;
    const kept = page.items.slice(0, page.items.findIndex(isReplaced));
    const known = new Set(
      [{ items: kept }, ...older].flatMap(({ items }) => items.map(({ id }) => id)),
    );
    const fresh = [turn.user_message, turn.assistant_message].filter(({ id }) => !known.has(id));
    return {
      pages: [{ ...page, items: [...kept, ...fresh] }, ...older],
      pageParams: [null, ...loaded.pageParams.slice(at + 1)],
    };
  });
}
