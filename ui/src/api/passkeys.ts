/** What the browser and its devices do with passkeys (WebAuthn). */
import { call, client, type PasskeyAnswer } from "./client";
import { ProblemError } from "./problem";

type Json = Record<string, unknown>;

/** Whether this browser knows passkeys, at an address where it allows them. */
export function knowsPasskeys(): boolean {
  return (
    typeof PublicKeyCredential === "function" &&
    typeof PublicKeyCredential.parseCreationOptionsFromJSON === "function" &&
    typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function"
  );
}

/** Has a device make a passkey. `null` when the person thought better of it. */
export function createPasskey(options: Json): Promise<Json | null> {
  return asked(() => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
      options as unknown as PublicKeyCredentialCreationOptionsJSON,
    );
    return navigator.credentials.create({ publicKey });
  });
}

/** Has a device show a passkey of this site. `null` when the person thought better of it. */
export async function showPasskey(): Promise<PasskeyAnswer | null> {
  const { ceremony_id, options } = await call(client.POST("/api/login/passkey/options"));
  const credential = await asked(() => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
      options as unknown as PublicKeyCredentialRequestOptionsJSON,
    );
    return navigator.credentials.get({ publicKey });
  });
  return credential && { ceremony_id, credential };
}

async function asked(ask: () => Promise<Credential | null>): Promise<Json | null> {
  try {
    const credential = await ask();
    return credential && (credential as PublicKeyCredential).toJSON();
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    // The person cancelled, or let the time go by.
    if (name === "NotAllowedError" || name === "AbortError") return null;
    throw new ProblemError({
      title: "",
      status: 0,
      code: name === "InvalidStateError" ? "passkey_known" : "passkeys_unavailable",
      detail: error instanceof Error ? error.message : "",
      request_id: "",
    });
  }
}
