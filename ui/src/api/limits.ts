/** What everybody on this server may do, and how much one has stored oneself. */
import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { showNewEntries } from "./audit";
import { call, client, type LimitChange } from "./client";

export const limitsQuery = queryOptions({
  queryKey: ["limits"],
  queryFn: () => call(client.GET("/api/admin/limits")),
});

/** What holds is what the server says it is, also of those that others changed meanwhile. */
export async function changeLimits(queries: QueryClient, change: LimitChange): Promise<void> {
  const limits = await call(client.PATCH("/api/admin/limits", { body: change }));
  queries.setQueryData(limitsQuery.queryKey, limits);
  void queries.invalidateQueries({ queryKey: storageQuery.queryKey });
  showNewEntries(queries);
}

export const storageQuery = queryOptions({
  queryKey: ["storage"],
  queryFn: () => call(client.GET("/api/users/me/storage")),
  // It changes with every answer, and nothing tells.
  staleTime: 0,
});
