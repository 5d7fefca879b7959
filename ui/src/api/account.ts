/** One's own account, and the devices that are signed in to it. */
import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { call, client, type User } from "./client";
import { statusOf } from "./problem";
import { leaving, sessionQuery } from "./session";

export async function changeName(queries: QueryClient, name: string): Promise<User> {
  const user = await call(client.PATCH("/api/users/me", { body: { name } }));
  queries.setQueryData(sessionQuery.queryKey, user);
  return user;
}

/** Signs every other device out. */
export async function changePassword(
  queries: QueryClient,
  current_password: string,
  password: string,
): Promise<void> {
  await call(client.PATCH("/api/users/me", { body: { current_password, password } }));
  void queries.invalidateQueries({ queryKey: sessionsQuery.queryKey });
}

/** Deletes the account with everything in it, and signs out everywhere. */
export async function deleteAccount(queries: QueryClient, password: string): Promise<void> {
  const goAway = leaving(queries);
  await call(client.DELETE("/api/users/me", { body: { password } }));
  goAway("deleted");
}

/** Where the browser gets everything that is stored of one, as a file. */
export const exportAddress = "/api/users/me/export";

export const sessionsQuery = queryOptions({
  queryKey: ["sessions"],
  queryFn: async () => (await call(client.GET("/api/sessions/"))).items,
});

export async function endSession(queries: QueryClient, id: string): Promise<void> {
  try {
    await call(
      client.DELETE("/api/sessions/{session_id}", { params: { path: { session_id: id } } }),
    );
  } catch (error) {
    // It ended by itself meanwhile.
    if (statusOf(error) !== 404) throw error;
  }
  queries.setQueryData(sessionsQuery.queryKey, (all) =>
    all?.filter((session) => session.id !== id),
  );
}

export async function endOtherSessions(queries: QueryClient): Promise<void> {
  await call(client.DELETE("/api/sessions/"));
  queries.setQueryData(sessionsQuery.queryKey, (all) =>
    all?.filter((session) => session.is_current),
  );
}
