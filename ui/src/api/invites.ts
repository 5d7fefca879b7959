/** Links that each let one person create an account. */
import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { showNewEntries } from "./audit";
import { call, client, type NewInvite } from "./client";
import { statusOf } from "./problem";

export const invitesQuery = queryOptions({
  queryKey: ["invites"],
  queryFn: async () =>
    (await call(client.GET("/api/invites/", { params: { query: { limit: 200 } } }))).items,
});

/** Returns the address that the invitation opens, which can be had this once only. */
export async function createInvite(queries: QueryClient, body: NewInvite): Promise<string> {
  const { invite, path } = await call(client.POST("/api/invites/", { body }));
  queries.setQueryData(invitesQuery.queryKey, (all) => [invite, ...(all ?? [])]);
  showNewEntries(queries);
  return location.origin + path;
}

export async function deleteInvite(queries: QueryClient, id: string): Promise<void> {
  try {
    await call(client.DELETE("/api/invites/{invite_id}", { params: { path: { invite_id: id } } }));
  } catch (error) {
    // It was used meanwhile, or taken back in another tab.
    if (statusOf(error) !== 404) throw error;
  }
  queries.setQueryData(invitesQuery.queryKey, (all) => all?.filter((invite) => invite.id !== id));
  showNewEntries(queries);
}
