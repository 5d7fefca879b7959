/**
 * Signing out, also where the server cannot be reached. No script can remove the cookie, so this browser keeps in mind that
 * the server must still be told, and takes nobody for signed in until it has been.
 */
import { backOff, wait } from "../lib/back-off";
import { online } from "../lib/online";
import { load, save } from "../lib/storage";
import { call, client } from "./client";

const key = "signing_out";
/** How long a server that says nothing is waited for, in ms. */
const patience = 5000;

/** What storage refused to keep. */
let owed = false;
let settling = false;
/** What must not be crossed by telling the server, because it makes a new cookie. */
let entering: Promise<unknown> = Promise.resolve();
let telling: Promise<unknown> = Promise.resolve();

/** Whether somebody signed out here, and the server does not know. */
export function owesSignOut(): boolean {
  return owed || load(key) !== null;
}

function owe(is: boolean): void {
  save(key, is ? "1" : null);
  owed = is && load(key) === null;
}

/** Tells the server once. Whether it has heard. */
export async function signOut(): Promise<boolean> {
  // First, so that a tab that is closed meanwhile leaves nobody signed in.
  owe(true);
  const request = call(client.POST("/api/logout/", { signal: AbortSignal.timeout(patience) }));
  telling = request.catch(() => {});
  try {
    await request;
    owe(false);
    return true;
  } catch {
    return false;
  }
}

/** Goes on telling the server until it has heard, and then says so. */
export async function settleSignOut(settled: () => void): Promise<void> {
  if (settling) return;
  settling = true;
  for (let attempt = 0; owesSignOut(); attempt++) {
    await online();
    await entering;
    // Whoever has signed in meanwhile, in another tab too, has ended the old session with it.
    if (owesSignOut() && (await signOut())) settled();
    if (owesSignOut()) await wait(backOff(attempt));
  }
  settling = false;
}

/** Signs somebody in, with which the session that this browser had ends. */
export async function enter<T>(request: () => Promise<T>): Promise<T> {
  await telling;
  const entered = request();
  entering = entered.catch(() => {});
  const user = await entered;
  owe(false);
  return user;
}
