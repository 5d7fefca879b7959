/** Conversations: the list of the sidebar and each by itself, kept equal in the cache. */
import {
  type InfiniteData,
  infiniteQueryOptions,
  type QueryClient,
  queryOptions,
} from "@tanstack/react-query";
import { call, client, type Project } from "./client";

interface Page {
  items: Project[];
  next_cursor?: string | null;
}

export const projectsQuery = infiniteQueryOptions({
  queryKey: ["projects"],
  queryFn: ({ pageParam }) =>
    call(
      client.GET("/api/projects/", {
        params: { query: pageParam ? { cursor: pageParam, limit: 50 } : { limit: 50 } },
      }),
    ) as Promise<Page>,
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor ?? null,
  staleTime: 30_000,
});

export function projectQuery(id: string) {
  return queryOptions({
    queryKey: ["project", id],
    queryFn: () =>
      call(client.GET("/api/projects/{project_id}", { params: { path: { project_id: id } } })),
    staleTime: 10_000,
  });
}

export function createProject(): Promise<Project> {
  return call(client.POST("/api/projects/", { body: {} }));
}

export function renameProject(id: string, name: string): Promise<Project> {
  return call(
    client.PATCH("/api/projects/{project_id}", {
      params: { path: { project_id: id } },
      body: { name },
    }),
  );
}

/** `keepalive` lets the request outlive the page that is being closed. */
export async function deleteProject(id: string, keepalive = false): Promise<void> {
  await call(
    client.DELETE("/api/projects/{project_id}", {
      params: { path: { project_id: id } },
      keepalive,
    }),
  );
}

export function generateName(id: string): Promise<Project> {
  return call(
    client.POST("/api/projects/{project_id}/generate_name", {
      params: { path: { project_id: id } },
    }),
  );
}

/** Writes what is known about a conversation everywhere it is shown; the newest stands first. */
export function showProject(queries: QueryClient, project: Project): void {
  queries.setQueryData(projectQuery(project.id).queryKey, project);
  queries.setQueryData(projectsQuery.queryKey, (list) => list && withProject(list, project));
}

export function patchProject(queries: QueryClient, id: string, change: Partial<Project>): void {
  const listed = queries
    .getQueryData(projectsQuery.queryKey)
    ?.pages.flatMap((page) => page.items)
    .find((item) => item.id === id);
  const known = queries.getQueryData(projectQuery(id).queryKey) ?? listed;
  if (known) showProject(queries, { ...known, ...change });
}

/** `keepOpen` leaves it to whoever shows it by itself, who would otherwise see nothing at all. */
export function dropProject(queries: QueryClient, id: string, keepOpen = false): void {
  if (!keepOpen) queries.removeQueries({ queryKey: projectQuery(id).queryKey });
  queries.setQueryData(projectsQuery.queryKey, (list) => list && withoutProject(list, id));
}

type List = InfiniteData<Page, unknown>;

export function withoutProject(list: List, id: string): List {
  return {
    ...list,
    pages: list.pages.map((page) => ({
      ...page,
      items: page.items.filter((item) => item.id !== id),
    })),
  };
}

/** Replaces a conversation in its place; one that is new or was just used moves to the top. */
export function withProject(list: List, project: Project): List {
  const all = list.pages.flatMap((page) => page.items);
  const before = all.find((item) => item.id === project.id);
  if (before && before.updated_at >= project.updated_at) {
    return {
      ...list,
      pages: list.pages.map((page) => ({
        ...page,
        items: page.items.map((item) => (item.id === project.id ? project : item)),
      })),
    };
  }
  // Beyond the loaded pages it comes with its own page.
  const last = all.at(-1);
  const more = list.pages.at(-1)?.next_cursor;
  if (!before && more && last && last.updated_at > project.updated_at) return list;
  const rest = withoutProject(list, project.id);
  const [first, ...others] = rest.pages;
  if (!first) return list;
  const at = first.items.findIndex((item) => item.updated_at <= project.updated_at);
  const items = first.items.slice();
  items.splice(at < 0 ? items.length : at, 0, project);
  return { ...rest, pages: [{ ...first, items }, ...others] };
}
