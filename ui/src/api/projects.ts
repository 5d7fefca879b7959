/** Conversations: the list of the sidebar and each by itself, kept equal in the cache. */
import {
  type InfiniteData,
  infiniteQueryOptions,
  type QueryClient,
  queryOptions,
} from "@tanstack/react-query";
import { forget } from "../lib/storage";
import { call, client, type Match, type Project, type ProjectChange } from "./client";
import { newChat, setNewChat } from "./new-chat";
import { owner } from "./owner";

/** A conversation that was found, and where. */
export type Hit = Project & { match?: Match | null };

interface Page<T = Project> {
  items: T[];
  next_cursor?: string | null;
}

function listQuery<T extends Project>(
  key: readonly unknown[],
  filter: { pinned?: boolean; query?: string; limit: number },
) {
  return infiniteQueryOptions({
    queryKey: ["projects", ...key],
    queryFn: ({ pageParam, signal }) =>
      call(
        client.GET("/api/projects/", {
          params: { query: pageParam ? { ...filter, cursor: pageParam } : filter },
          signal,
        }),
      ) as Promise<Page<T>>,
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? null,
    staleTime: 30_000,
  });
}

/** Those that are not pinned; what begins with its key is also about the other lists. */
export const projectsQuery = listQuery([], { pinned: false, limit: 50 });
export const pinnedQuery = listQuery(["pinned"], { pinned: true, limit: 200 });

/** Everything with these words in its name or its messages. */
export function searchQuery(words: string) {
  return listQuery<Hit>(["search", words], { query: words, limit: 30 });
}

export function projectQuery(id: string) {
  return queryOptions({
    queryKey: ["project", id],
    queryFn: () =>
      call(client.GET("/api/projects/{project_id}", { params: { path: { project_id: id } } })),
    staleTime: 10_000,
  });
}

/** Makes a conversation that answers as was set for it; the next one begins plain. */
export async function createProject(): Promise<Project> {
  const project = await call(client.POST("/api/projects/", { body: newChat.get() ?? {} }));
  setNewChat(null);
  return project;
}

export function changeProject(id: string, change: ProjectChange): Promise<Project> {
  return call(
    client.PATCH("/api/projects/{project_id}", {
      params: { path: { project_id: id } },
      body: change,
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
  const [own, other] = project.pinned ? [pinnedQuery, projectsQuery] : [projectsQuery, pinnedQuery];
  queries.setQueryData(own.queryKey, (list) => list && withProject(list, project));
  queries.setQueryData(other.queryKey, (list) => list && withoutProject(list, project.id));
  queries.setQueriesData<List<Hit>>(
    { queryKey: found },
    (list) => list && replaced(list, project.id, (hit) => ({ ...hit, ...project })),
  );
}

export function patchProject(queries: QueryClient, id: string, change: Partial<Project>): void {
  const listed = queries
    .getQueriesData<List>({ queryKey: projectsQuery.queryKey })
    .flatMap(([, list]) => list?.pages.flatMap((page) => page.items) ?? [])
    .find((item) => item.id === id);
  const known = queries.getQueryData(projectQuery(id).queryKey) ?? listed;
  if (known) showProject(queries, { ...known, ...change });
}

/** Nor are its drafts kept. `keepOpen` leaves it to whoever shows it by itself, who would otherwise see nothing at all. */
export function dropProject(queries: QueryClient, id: string, keepOpen = false): void {
  forget(`draft.${owner.get()}.${id}`);
  if (!keepOpen) queries.removeQueries({ queryKey: projectQuery(id).queryKey });
  queries.setQueriesData<List>(
    { queryKey: projectsQuery.queryKey },
    (list) => list && withoutProject(list, id),
  );
}

const found = [...projectsQuery.queryKey, "search"];

type List<T = Project> = InfiniteData<Page<T>, unknown>;

function replaced<T extends Project>(list: List<T>, id: string, change: (item: T) => T): List<T> {
  return {
    ...list,
    pages: list.pages.map((page) => ({
      ...page,
      items: page.items.map((item) => (item.id === id ? change(item) : item)),
    })),
  };
}

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
    return replaced(list, project.id, () => project);
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
