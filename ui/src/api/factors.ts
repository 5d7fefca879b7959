/** Second factors: an authenticator app, passkeys, and the codes for when they are lost. */
import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { type Confirmation, call, client, type NewTotp } from "./client";
import { createPasskey } from "./passkeys";
import { statusOf } from "./problem";
import { sessionQuery } from "./session";

export const factorsQuery = queryOptions({
  queryKey: ["second_factor"],
  queryFn: () => call(client.GET("/api/second_factor")),
});

export const passkeysQuery = queryOptions({
  queryKey: ["passkeys"],
  queryFn: async () => (await call(client.GET("/api/passkeys/"))).items,
});

/** Codes that are shown once; `null` when those that there are stay. */
export type RecoveryCodes = string[] | null;

/** Makes a secret for an app, which counts once a code is confirmed. */
export function beginTotp(body: Confirmation): Promise<NewTotp> {
  return call(client.POST("/api/second_factor/totp", { body }));
}

export async function confirmTotp(queries: QueryClient, code: string): Promise<RecoveryCodes> {
  const made = await call(client.POST("/api/second_factor/totp/confirm", { body: { code } }));
  lookAgain(queries);
  return made.recovery_codes ?? null;
}

export async function removeTotp(queries: QueryClient, body: Confirmation): Promise<void> {
  await removed(queries, call(client.DELETE("/api/second_factor/totp", { body })));
}

export async function renewCodes(queries: QueryClient, body: Confirmation): Promise<RecoveryCodes> {
  const made = await call(client.POST("/api/second_factor/recovery_codes", { body }));
  lookAgain(queries);
  return made.recovery_codes ?? null;
}

/** Adds a passkey of this device. `undefined` when the person thought better of it. */
export async function addPasskey(
  queries: QueryClient,
  name: string,
  body: Confirmation,
): Promise<RecoveryCodes | undefined> {
  const { ceremony_id, options } = await call(client.POST("/api/passkeys/options", { body }));
  const credential = await createPasskey(options);
  if (!credential) return undefined;
  const answer = { ceremony_id, credential };
  const made = await call(client.POST("/api/passkeys/", { body: { name, answer } }));
  lookAgain(queries);
  return made.recovery_codes ?? null;
}

export async function deletePasskey(
  queries: QueryClient,
  passkey_id: string,
  body: Confirmation,
): Promise<void> {
  const params = { path: { passkey_id } };
  await removed(queries, call(client.DELETE("/api/passkeys/{passkey_id}", { params, body })));
}

/** What went in another tab meanwhile is gone as well. */
async function removed(queries: QueryClient, request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
  lookAgain(queries);
}

function lookAgain(queries: QueryClient): void {
  void queries.invalidateQueries({ queryKey: factorsQuery.queryKey });
  void queries.invalidateQueries({ queryKey: passkeysQuery.queryKey });
}

/** Whoever had to set a factor up can go on. */
export async function goOn(queries: QueryClient): Promise<void> {
  if (!queries.getQueryData(sessionQuery.queryKey)?.second_factor_missing) return;
  await queries.refetchQueries({ queryKey: sessionQuery.queryKey });
}
