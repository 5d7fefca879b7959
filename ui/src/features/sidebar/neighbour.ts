/** The conversation before or after another one, in the order of the sidebar, shown or not. */
import type { QueryClient } from "@tanstack/react-query";
import { pinnedQuery, projectsQuery } from "../../api/projects";
import { leaving } from "./deletions";

/** Where to go; `null` at either end, or where there is nothing. */
export async function neighbour(
  queries: QueryClient,
  openId: string | null,
  by: 1 | -1,
): Promise<string | null> {
  const lists = await Promise.all([
    queries.ensureInfiniteQueryData(pinnedQuery),
    queries.ensureInfiniteQueryData(projectsQuery),
  ]).catch(() => []);
  const ids = lists
    .flatMap((list) => list.pages.flatMap((page) => page.items.map(({ id }) => id)))
    .filter((id) => !leaving.get().has(id));
  const at = openId === null ? -1 : ids.indexOf(openId);
  return ids[at < 0 ? 0 : at + by] ?? null;
}
