/**
 * What somebody is writing, kept for each conversation. The draft carries the id of the request
 * that sent it: sent again unchanged, after a reload say, it is still the same turn for the server.
 */
import type { Attachment } from "../../api/client";
import { randomId } from "../../lib/ids";
import { load, save } from "../../lib/storage";

/** What goes to the model together. */
export interface Written {
  text: string;
  images: Attachment[];
}

interface Draft {
  text: string;
  /** `null`: those that were there before, which for a new message are none. */
  images: Attachment[] | null;
  requestId: string | null;
}

export const noDraft: Draft = { text: "", images: null, requestId: null };

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

export function isDraft({ text, images }: Draft): boolean {
  return text !== "" || images !== null;
}

/** The id under which this is sent: the one it was sent with before, or a new one. */
export function requestIdFor(key: string, { text, images }: Written): string {
  const draft = readDraft(key);
  const same = draft.text === text && sameImages(draft.images ?? [], images);
  const requestId = (same && draft.requestId) || randomId();
  writeDraft(key, { text, images: images.length || draft.images ? images : null, requestId });
  return requestId;
}

export function sameImages(some: Attachment[], others: Attachment[]): boolean {
  return some.length === others.length && some.every(({ id }, at) => id === others[at]?.id);
}

export function draftKey(userId: string, projectId: string | null): string {
  return `draft.${userId}.${projectId ?? "new"}`;
}

/** `sent` is in the conversation: it is no draft any more, but what was written since still is. */
export function settleDraft(key: string, sent: Written, nextKey: string): void {
  const stored = readDraft(key);
  const text = stored.text === sent.text ? "" : stored.text;
  const images = stored.images?.filter(({ id }) => sent.images.every((image) => image.id !== id));
  writeDraft(key, noDraft);
  const since = { text, images: images?.length ? images : null, requestId: null };
  if (isDraft(since)) writeDraft(nextKey, since);
}
