/**
 * Deleting with time to change one's mind: the conversation vanishes at once, the server is told
 * when Undo is not offered any more, on signing out, or when the page is closed.
 */
import type { QueryClient } from "@tanstack/react-query";
import { deleteProject, dropProject, projectsQuery } from "../../api/projects";
import { wait } from "../../lib/back-off";
import { createStore } from "../../lib/store";

/** How long Undo is offered, in ms. */
export const undoTime = 6000;
/** How long signing out waits for a server that says nothing, in ms. */
const patience = 5000;

/** Conversations that are hidden because their deletion is on its way. */
export const leaving = createStore<ReadonlySet<string>>(new Set());
/** Those among them of which the server has not been told. */
const waiting = new Set<string>();

export function deleteLater(id: string): void {
  leaving.set(new Set(leaving.get()).add(id));
  waiting.add(id);
}

export function undoDelete(id: string): void {
  waiting.delete(id);
  show(id);
}

/** Tells the server, unless it has been told or somebody thought better of it. */
export async function deleteNow(
  queries: QueryClient,
  id: string,
  onFailure: (error: unknown) => void,
): Promise<void> {
  if (!waiting.delete(id)) return;
  try {
    await deleteProject(id);
    dropProject(queries, id);
  } catch (error) {
    onFailure(error);
    void queries.invalidateQueries({ queryKey: projectsQuery.queryKey });
  } finally {
    show(id);
  }
}

function show(id: string) {
  leaving.set(new Set([...leaving.get()].filter((other) => other !== id)));
}

/** Tells the server about everything that still waits; the requests outlive the page. */
export async function deleteAllNow(): Promise<void> {
  const told = [...waiting].map((id) => deleteProject(id, true));
  waiting.clear();
  await Promise.race([Promise.allSettled(told), wait(patience)]);
}

/** Nobody is signed in who could delete anything, and the next one hides nothing. */
export function forgetDeletions(): void {
  waiting.clear();
  leaving.set(new Set());
}

if (typeof addEventListener !== "undefined")
  addEventListener("pagehide", () => void deleteAllNow());
