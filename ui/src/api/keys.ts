/** The keys that programs use in one's name. */
import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { call, client, type NewKey } from "./client";
import { statusOf } from "./problem";

export const keysQuery = queryOptions({
  queryKey: ["keys"],
  // More than anybody may have.
  queryFn: async () =>
    (await call(client.GET("/api/keys/", { params: { query: { limit: 200 } } }))).items,
});

/** Returns the key itself, which can be had this once only. */
export async function createKey(queries: QueryClient, body: NewKey): Promise<string> {
  const { key, secret } = await call(client.POST("/api/keys/", { body }));
  queries.setQueryData(keysQuery.queryKey, (all) => [key, ...(all ?? [])]);
  return secret;
}

export async function deleteKey(queries: QueryClient, id: string): Promise<void> {
  try {
    await call(client.DELETE("/api/keys/{key_id}", { params: { path: { key_id: id } } }));
  } catch (error) {
    // It was deleted in another tab meanwhile.
    if (statusOf(error) !== 404) throw error;
  }
  queries.setQueryData(keysQuery.queryKey, (all) => all?.filter((key) => key.id !== id));
}
