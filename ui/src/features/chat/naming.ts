/** A conversation gets its name from the model once its first answer is there. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Message } from "../../api/client";
import { generateName, projectQuery, showProject } from "../../api/projects";

/** First turns this page saw begin: an old conversation is not named because it was opened. */
const awaiting = new Set<string>();

export function rememberFirstTurn(projectId: string): void {
  awaiting.add(projectId);
}

export function useNaming(projectId: string | null, messages: Message[] | null): void {
  const queries = useQueryClient();
  const { data: project } = useQuery({
    ...projectQuery(projectId ?? ""),
    enabled: projectId !== null,
  });
  const source = project?.name_source;
  const state = messages && firstTurn(messages);

  useEffect(() => {
    if (!projectId || !state) return;
    // A reload in mid-answer finds it running: its end is still to be seen. A tab in the background
    // only heard of it; the one that asks names it.
    if (state === "running" && !document.hidden) awaiting.add(projectId);
    if (state !== "over" || !source || !awaiting.delete(projectId)) return;
    if (source !== "first_words" && source !== "default") return;
    generateName(projectId)
      .then((named) => showProject(queries, named))
      // The first words stay its name.
      .catch(() => {});
  }, [queries, projectId, state, source]);
}

/** How far the first turn is; `null` when there are more, or its answer came to nothing. */
export function firstTurn(messages: Message[]): "running" | "over" | null {
  if (messages.filter(({ role }) => role === "user").length !== 1) return null;
  const answer = messages.at(-1);
  if (answer?.role !== "assistant") return null;
  if (answer.status === "running") return "running";
  return answer.content.trim() ? "over" : null;
}
