/** The end of an answer, written into what the page shows, so that it needs no request. */
import type { QueryClient } from "@tanstack/react-query";
import type { Message } from "./client";
import { messagesQuery, patchMessage } from "./messages";
import { patchProject, projectQuery, projectsQuery } from "./projects";

export function writeEnd(
  queries: QueryClient,
  projectId: string,
  messageId: string,
  end: Partial<Message>,
): void {
  patchMessage(queries, projectId, messageId, end);
  patchProject(queries, projectId, { live_message_id: undefined });
  // What is still on its way may have been asked before the end, and would bring "running" back.
  const { queryKey: messages } = messagesQuery(projectId);
  const { queryKey: project } = projectQuery(projectId);
  for (const queryKey of [messages, project, projectsQuery.queryKey]) {
    if (queries.isFetching({ queryKey }) > 0) void queries.invalidateQueries({ queryKey });
  }
}
