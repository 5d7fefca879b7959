/**
 * The message that is on its way from each draft, and why the last one was refused. Like an image that is being uploaded it
 * does not belong to the page: whoever goes to another conversation and comes back finds it still on its way.
 */
import { owner } from "../../api/owner";
import { createStore, type Store } from "../../lib/store";
import type { Written } from "./draft";

export interface Standing {
  /** The message on its way, shown before the server has answered. */
  pending: Written | null;
  error: unknown;
}

/** What shows the draft that the message is sent from, as long as it is shown. */
export interface Shower {
  /** The message is in the conversation. */
  accepted: (projectId: string) => void;
  /** It is not: it goes back into the box. */
  refused: (written: Written) => void;
}

interface Way extends Store<Standing> {
  leaving: AbortController | null;
  /** A conversation that was made for a message which the server then refused. */
  made: string | null;
  shower: Shower | null;
  /** It is in its conversation, to which the page is on its way. */
  arrived: boolean;
}

const still: Standing = { pending: null, error: null };
const ways = new Map<string, Way>();

export function wayOf(key: string): Way {
  const known = ways.get(key);
  if (known) return known;
  const way = { ...createStore(still), leaving: null, made: null, shower: null, arrived: false };
  ways.set(key, way);
  return way;
}

export function isUnderWay(key: string): boolean {
  return Boolean(ways.get(key)?.get().pending);
}

/** Whoever changes the message has read why it was refused. */
export function forgetError(key: string): void {
  const way = wayOf(key);
  if (way.get().error) way.set({ ...way.get(), error: null });
}

/** Until what is returned is called, `shower` hears how it ends. */
export function showWay(way: Way, shower: Shower): () => void {
  way.shower = shower;
  return () => {
    if (way.shower === shower) way.shower = null;
    if (!way.arrived) return;
    way.arrived = false;
    way.set(still);
  };
}

/** It is in its conversation. A page that goes there shows it until then, and nothing empty in between. */
export function arrive(way: Way, projectId: string, elsewhere: boolean): void {
  way.made = null;
  way.arrived = elsewhere && way.shower !== null;
  if (!way.arrived) way.set(still);
  way.shower?.accepted(projectId);
}

/** Why a message is not waited for any more: it was another person's. */
export const signedOut = new Error("signed out");

owner.subscribe(() => {
  for (const [key, way] of ways) {
    if (key.startsWith(`draft.${owner.get()}.`)) continue;
    ways.delete(key);
    way.leaving?.abort(signedOut);
  }
});
