/** What could not be done to a message, told in passing. */
import type { QueryClient } from "@tanstack/react-query";
import { messagesQuery } from "../../api/messages";
import { codeOf, statusOf } from "../../api/problem";
import { showToast } from "../../components/toast";
import { describeRefusal } from "./words";

export function tellRefusal(queries: QueryClient, projectId: string, error: unknown): void {
  const { title, advice } = describeRefusal(error);
  // The advice on a running answer is about a message in the box.
  const words = codeOf(error) === "answer_running" ? title : `${title} ${advice}`;
  showToast(words.trim(), undefined, 10_000);
  lookAgain(queries, projectId, error);
}

/** Something else has happened to the conversation, in another tab perhaps: show what. */
export function lookAgain(queries: QueryClient, projectId: string, error: unknown): void {
  if (![404, 409, 422].includes(statusOf(error) ?? 0)) return;
  void queries.invalidateQueries({ queryKey: messagesQuery(projectId).queryKey });
}
