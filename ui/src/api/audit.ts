/** Who did what. */
import { infiniteQueryOptions, type QueryClient } from "@tanstack/react-query";
import { call, client } from "./client";

export const auditQuery = infiniteQueryOptions({
  queryKey: ["audit"],
  queryFn: ({ pageParam }) =>
    call(
      client.GET("/api/audit/", {
        params: { query: pageParam ? { limit: 20, cursor: pageParam } : { limit: 20 } },
      }),
    ),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor ?? null,
});

/** Has the newest entries shown, after something was done that is in them. */
export function showNewEntries(queries: QueryClient): void {
  void queries.invalidateQueries({ queryKey: auditQuery.queryKey });
}
