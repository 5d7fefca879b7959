/** The people of this server, for those who run it. */
import { type InfiniteData, infiniteQueryOptions, type QueryClient } from "@tanstack/react-query";
import { showNewEntries } from "./audit";
import {
  call,
  client,
  type NewPerson,
  type Person,
  type PersonChange,
  type ResetLink,
} from "./client";
import { codeOf, statusOf } from "./problem";

interface Page {
  items: Person[];
  next_cursor?: string | null;
}

const key = ["people"];

/** Everybody, or those whose address or name has these words. */
export function peopleQuery(words: string) {
  const filter = words ? { query: words, limit: 20 } : { limit: 20 };
  return infiniteQueryOptions({
    queryKey: [...key, words],
    queryFn: ({ pageParam, signal }) =>
      call(
        client.GET("/api/admin/users/", {
          params: { query: pageParam ? { ...filter, cursor: pageParam } : filter },
          signal,
        }),
      ) as Promise<Page>,
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? null,
  });
}

/** Where somebody sets a password; it can be had this once only. */
const addressOf = (link: ResetLink) => location.origin + link.path;

/** Returns who was made, and the link for the first password. */
export async function createPerson(queries: QueryClient, body: NewPerson) {
  const { person, link } = await call(client.POST("/api/admin/users/", { body }));
  void queries.invalidateQueries({ queryKey: key });
  showNewEntries(queries);
  return { person, link: addressOf(link) };
}

export async function createResetLink(queries: QueryClient, { id }: Person): Promise<string> {
  const params = { path: { user_id: id } };
  const link = await call(client.POST("/api/admin/users/{user_id}/reset_link", { params }));
  showNewEntries(queries);
  return addressOf(link);
}

/** Whoever was deleted meanwhile is not listed any more either. */
export async function changePerson(
  queries: QueryClient,
  { id }: Person,
  change: PersonChange,
): Promise<void> {
  const params = { path: { user_id: id } };
  try {
    const person = await call(client.PATCH("/api/admin/users/{user_id}", { params, body: change }));
    edit(queries, (items) => items.map((item) => (item.id === id ? person : item)));
    showNewEntries(queries);
  } catch (error) {
    // Somebody else has taken the role away meanwhile.
    if (statusOf(error) === 404 || codeOf(error) === "last_administrator") {
      void queries.invalidateQueries({ queryKey: key });
    }
    throw error;
  }
}

export async function deletePerson(queries: QueryClient, { id }: Person): Promise<void> {
  try {
    await call(client.DELETE("/api/admin/users/{user_id}", { params: { path: { user_id: id } } }));
  } catch (error) {
    // Somebody else has done it meanwhile.
    if (statusOf(error) !== 404) throw error;
  }
  edit(queries, (items) => items.filter((item) => item.id !== id));
  showNewEntries(queries);
}

function edit(queries: QueryClient, change: (items: Person[]) => Person[]) {
  queries.setQueriesData<InfiniteData<Page>>(
    { queryKey: key },
    (list) =>
      list && {
        ...list,
        pages: list.pages.map((page) => ({ ...page, items: change(page.items) })),
      },
  );
}
