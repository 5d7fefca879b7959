/**
 * What somebody is writing, kept for each conversation, and what was sent from there and is not known to have arrived. It
 * carries the id of the request that sent it: sent again unchanged, after a reload say, it is still the same turn for the
 * server.
 */
import type { Attachment } from "../../api/client";
import { randomId } from "../../lib/ids";
import { load, save } from "../../lib/storage";
import { isUnderWay } from "./under-way";

/** What goes to the model together. */
export interface Written {
  text: string;
  images: Attachment[];
}

/** What was sent, and may have arrived. */
export interface Sent extends Written {
  requestId: string;
  /** The conversation that was made for it, once there is one. */
  projectId: string | null;
}

interface Draft {
  text: string;
  /** `null`: those that were there before, which for a new message are none. */
  images: Attachment[] | null;
  /** Of a question that is edited: under which exactly this was sent. */
  requestId: string | null;
  /** Of a new message: what was sent. Typing does not change it as long as it is on its way. */
  sent: Sent | null;
}

export const noDraft: Draft = { text: "", images: null, requestId: null, sent: null };

export function readDraft(key: string): Draft {
  try {
    return { ...noDraft, ...JSON.parse(load(key) ?? "null") };
  } catch {
    return noDraft;
  }
}

export function writeDraft(key: string, draft: Draft): void {
  save(key, isDraft(draft) ? JSON.stringify(draft) : null);
}

export function isDraft({ text, images, sent }: Draft): boolean {
  return text !== "" || images !== null || sent !== null;
}

/** Stores what is in the box now. */
export function keepDraft(key: string, box: Pick<Draft, "text" | "images">): void {
  const { sent } = readDraft(key);
  writeDraft(key, { ...noDraft, ...box, sent: isUnderWay(key) ? sent : null });
}

/** What the box holds: what did not arrive stands before what was written since. */
export function inBox(key: string): Pick<Draft, "text" | "images"> {
  const { text, images, sent } = readDraft(key);
  if (!sent || isUnderWay(key)) return { text, images };
  const all = [...sent.images, ...(images ?? [])];
  return { text: joined(sent.text, text), images: all.length > 0 ? all : null };
}

export function joined(above: string, below: string): string {
  return [above.trimEnd(), below].filter(Boolean).join("\n\n");
}

/** Takes `written` out of the box for its way to the server: unchanged, it is what was sent before. */
export function sendDraft(key: string, written: Written): Sent {
  const before = readDraft(key).sent;
  const sent =
    before && isSame(before, written)
      ? before
      : { ...written, requestId: randomId(), projectId: null };
  writeDraft(key, { ...noDraft, sent });
  return sent;
}

/** The conversation that `sent` goes to was made for it. */
export function keepMade(key: string, sent: Sent, projectId: string): void {
  const stored = readDraft(key);
  if (stored.sent?.requestId !== sent.requestId) return;
  writeDraft(key, { ...stored, sent: { ...sent, projectId } });
}

/** `sent` is in the conversation: it is no draft any more, but what was written since still is. */
export function settleDraft(key: string, sent: Sent, nextKey: string): void {
  const stored = readDraft(key);
  // Another tab has taken it up, and goes on writing.
  if (stored.sent?.requestId !== sent.requestId) return;
  const { text, images } = stored;
  writeDraft(key, noDraft);
  if (text === "" && images === null) return;
  const there = readDraft(nextKey);
  writeDraft(nextKey, {
    ...there,
    text: joined(there.text, text),
    images: there.images || images ? [...(there.images ?? []), ...(images ?? [])] : null,
  });
}

/** The id under which an edited question is sent: the one it was sent with before, or a new one. */
export function requestIdFor(key: string, { text, images }: Written): string {
  const draft = readDraft(key);
  const same = isSame({ text: draft.text, images: draft.images ?? [] }, { text, images });
  const requestId = (same && draft.requestId) || randomId();
  const changed = images.length > 0 || draft.images !== null;
  writeDraft(key, { ...noDraft, text, images: changed ? images : null, requestId });
  return requestId;
}

function isSame(one: Written, other: Written): boolean {
  return one.text === other.text && sameImages(one.images, other.images);
}

export function sameImages(some: Attachment[], others: Attachment[]): boolean {
  return some.length === others.length && some.every(({ id }, at) => id === others[at]?.id);
}

export function draftKey(userId: string, projectId: string | null): string {
  return `draft.${userId}.${projectId ?? "new"}`;
}
