/**
 * Deleting with time to change one's mind: the conversation vanishes at once, the server is told
 * some seconds later, or when the page is closed.
 */
import type { QueryClient } from "@tanstack/react-query";
import { deleteProject, dropProject, projectsQuery } from "../../api/projects";
import { createStore } from "../../lib/store";

export const undoTime = 6000;

/** Conversations that are hidden because their deletion is on its way. */
export const leaving = createStore<ReadonlySet<string>>(new Set());
const timers = new Map<string, ReturnType<typeof setTimeout>>();

export function deleteLater(
  queries: QueryClient,
  id: string,
  onFailure: (error: unknown) => void,
): void {
  leaving.set(new Set(leaving.get()).add(id));
  timers.set(
    id,
    setTimeout(() => void deleteNow(queries, id, onFailure), undoTime),
  );
}

export function undoDelete(id: string): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
  show(id);
}

async function deleteNow(queries: QueryClient, id: string, onFailure: (error: unknown) => void) {
  timers.delete(id);
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
export function deleteAllNow(): void {
  for (const [id, timer] of timers) {
    clearTimeout(timer);
    void deleteProject(id, true).catch(() => {});
  }
  timers.clear();
}

if (typeof addEventListener !== "undefined") addEventListener("pagehide", deleteAllNow);
