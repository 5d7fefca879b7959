/** Who is signed in. `null` means nobody. */
import { type QueryClient, queryOptions, useQuery } from "@tanstack/react-query";
import { readBoot } from "../lib/boot";
import { forget } from "../lib/storage";
import { createStore } from "../lib/store";
import { tellTabs } from "../lib/tabs";
import { call, client, type NewUser, type User } from "./client";
import { recallNewChat } from "./new-chat";
import { showPasskey } from "./passkeys";
import { statusOf } from "./problem";
import { enter, owesSignOut, settleSignOut, signOut } from "./signing-out";

const boot = readBoot(document);

/** Of the server. */
export const version = boot.version ?? "";

export async function fetchSession(): Promise<User | null> {
  if (owesSignOut() && !(await signOut())) return null;
  try {
    return await call(client.GET("/api/check_session/"));
  } catch (error) {
    if (statusOf(error) === 401) return null;
    throw error;
  }
}

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: fetchSession,
  initialData: owesSignOut() ? null : (boot.user as User | null | undefined),
  staleTime: Number.POSITIVE_INFINITY,
});

export function useUser(): User | null {
  return useQuery(sessionQuery).data ?? null;
}

export const settingsQuery = queryOptions({
  queryKey: ["settings"],
  queryFn: () => call(client.GET("/api/settings")),
  initialData:
    boot.signup === undefined
      ? undefined
      : { signup: boot.signup, passkeys: boot.passkeys ?? false, version: boot.version ?? "" },
  staleTime: Number.POSITIVE_INFINITY,
});

export async function login(email: string, password: string): Promise<User> {
  return entered(() => call(client.POST("/api/login/", { body: { email, password } })));
}

/** The second step, with what the first one gave. */
export async function answerChallenge(challenge: string, factor: Factor): Promise<User> {
  const body = { challenge, ...factor };
  return entered(() => call(client.POST("/api/login/second_factor", { body })));
}

export type Factor = { code: string } | { recovery_code: string };

/** Signs in with a passkey. `null` when the person thought better of it. */
export async function loginWithPasskey(): Promise<User | null> {
  const body = await showPasskey();
  return body && entered(() => call(client.POST("/api/login/passkey", { body })));
}

async function entered(request: () => Promise<User>): Promise<User> {
  const user = await enter(request);
  tellTabs({ type: "signed_in", userId: user.id });
  return user;
}

export function register(body: NewUser): Promise<User> {
  return call(client.POST("/api/users/", { body }));
}

/** Sets a password with the token of a link; whoever was signed in to that account is not any more. */
export async function resetPassword(token: string, password: string): Promise<void> {
  await call(client.POST("/api/password_resets/", { body: { token, password } }));
}

type Departure = "left" | "unheard" | "expired" | "deleted" | "reset";

/** Why nobody is signed in any more; `null` when nobody was. */
export const departure = createStore<Departure | null>(null);

/**
 * Ends the session here and in every other tab, whether the server can be reached or not; drafts do not stay behind on a
 * shared computer.
 */
export async function logout(queries: QueryClient): Promise<void> {
  const goAway = leaving(queries);
  if (await signOut()) return goAway("left");
  goAway("unheard");
  finishSigningOut();
}

/** Tells the server what it has not heard yet, now or as soon as it can be reached. */
export function finishSigningOut(): void {
  void settleSignOut(() => {
    if (departure.get() === "unheard") departure.set("left");
  });
}

/**
 * What tells every tab that this account is signed out here, and leaves nothing of it behind. Made before the
 * server is asked, because that cuts the live connections before it answers.
 */
export function leaving(queries: QueryClient): (why: Departure) => void {
  const user = queries.getQueryData(sessionQuery.queryKey);
  return (why) => {
    if (user) forget(`draft.${user.id}.`);
    tellTabs({ type: "signed_out" });
    leaveSession(queries, why);
  };
}

export function leaveSession(queries: QueryClient, why: Departure): void {
  if (queries.getQueryData(sessionQuery.queryKey) === null) {
    // Somebody's own wish says more than a connection that was cut because of it.
    if (why !== "expired" && departure.get() === "expired") departure.set(why);
    return;
  }
  departure.set(why);
  enterSession(queries, null);
}

/** Makes `user` the one who is signed in, and nobody the one before. */
export function enterSession(queries: QueryClient, user: User | null): void {
  queries.setQueryData(sessionQuery.queryKey, user);
  recallNewChat(user?.id ?? "");
}

/** Forgets what a person had loaded. As long as any of it is on screen it would be asked for again. */
export function forgetLoaded(queries: QueryClient): void {
  queries.removeQueries({
    predicate: ({ queryKey }) => queryKey[0] !== "session" && queryKey[0] !== "settings",
  });
}

/** Asks the server itself: a lost stream cannot tell why it was lost. */
export async function sessionState(): Promise<"signed_in" | "signed_out" | "unreachable"> {
  try {
    return (await fetchSession()) ? "signed_in" : "signed_out";
  } catch {
    return "unreachable";
  }
}
