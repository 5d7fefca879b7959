/**
 * The images of each draft, from the moment they are chosen: one that is on its way to the server gets there also while
 * another conversation is shown.
 */
import { imageLimits } from "../../api/attachments";
import type { Attachment } from "../../api/client";
import { owner } from "../../api/owner";
import { randomId } from "../../lib/ids";
import { createStore, type Store, useStore } from "../../lib/store";
import { inBox, keepDraft, sameImages } from "./draft";
import { forgetError } from "./under-way";

export interface Picture {
  key: string;
  name: string;
  /** What the server has; `null` until it has. */
  attachment: Attachment | null;
  /** It belongs to a message already, which keeps it. */
  sent?: boolean;
  /** What is sent of it, once that is known. */
  image?: Blob;
  /** Where the page has it from until then. */
  address?: string;
  /** Why it could not be sent. */
  error?: unknown;
  abort?: AbortController;
}

interface Tray extends Store<Picture[]> {
  /** What was in it before anything was changed. */
  before: Attachment[];
}

const trays = new Map<string, Tray>();

/** `before`: what the message has that is being edited. */
export function trayOf(key: string, before: Attachment[] = []): Tray {
  const known = trays.get(key);
  if (known) return known;
  const isSent = (image: Attachment) => before.some(({ id }) => id === image.id);
  const pictures = (inBox(key).images ?? before).map((image) => ready(image, isSent(image)));
  const tray = { ...createStore(pictures), before };
  trays.set(key, tray);
  return tray;
}

export function useTray(key: string, before?: Attachment[]): Picture[] {
  return useStore(trayOf(key, before));
}

function ready(attachment: Attachment, sent: boolean): Picture {
  return { key: randomId(), name: attachment.name, attachment, sent };
}

/** Whether something about them holds their question back. `imageless`: the model that takes none, if it is one. */
export function holdBack(pictures: Picture[], imageless: string | null): boolean {
  if (pictures.length === 0) return false;
  return (
    imageless !== null ||
    pictures.some(({ error }) => error) ||
    pictures.length > imageLimits().most
  );
}

/** What the server has of it. */
export function imagesIn(key: string): Attachment[] {
  return trayOf(key)
    .get()
    .flatMap(({ attachment }) => attachment ?? []);
}

/** As a draft has it: `null` where nothing has changed. */
export function changedImages(key: string): Attachment[] | null {
  const images = imagesIn(key);
  return sameImages(images, trayOf(key).before) ? null : images;
}

export function changeTray(key: string, change: (pictures: Picture[]) => Picture[]): void {
  const tray = trayOf(key);
  const before = tray.get().length;
  tray.set(change(tray.get()));
  if (tray.get().length !== before) forgetError(key);
  keepDraft(key, { text: inBox(key).text, images: changedImages(key) });
}

/** Changes one picture, or takes it out, in whichever tray it lies by now. Whether it lay in any. */
export function changePicture(key: string, change: Partial<Picture> | null): boolean {
  for (const [name, tray] of trays) {
    if (!tray.get().some((picture) => picture.key === key)) continue;
    changeTray(name, (all) =>
      all.flatMap((one) => (one.key === key ? (change ? { ...one, ...change } : []) : one)),
    );
    return true;
  }
  return false;
}

/** Takes out what goes with a message on its way, whose draft stays as it is; what the server does not have stays. */
export function takeFrom(key: string): Attachment[] {
  const images = imagesIn(key);
  const tray = trayOf(key);
  tray.set(tray.get().filter(({ attachment }) => !attachment));
  return images;
}

/** Puts them back before what was added since; the draft stays as it is. */
export function putBack(key: string, images: Attachment[]): void {
  const tray = trayOf(key);
  tray.set([...images.map((image) => ready(image, false)), ...tray.get()]);
}

/** What was added while a message was on its way follows into its conversation. */
export function moveTray(from: string, to: string): void {
  if (from === to) return;
  const left = trayOf(from).get();
  trays.delete(from);
  if (left.length === 0) return;
  const tray = trayOf(to);
  const known = tray.get().map(({ attachment }) => attachment?.id);
  // What is with the server came with the draft already.
  const others = left.filter(({ attachment }) => !attachment || !known.includes(attachment.id));
  tray.set([...tray.get(), ...others]);
}

/** What is on its way does not arrive, and what was to be shown until then is not kept. */
export function forgetTray(key: string): void {
  for (const picture of trays.get(key)?.get() ?? []) letGo(picture);
  trays.delete(key);
}

/** Of a picture that is in no tray any more; one that the server has may be shown elsewhere. */
export function letGo({ attachment, address, abort }: Picture): void {
  if (attachment) return;
  abort?.abort();
  if (address) URL.revokeObjectURL(address);
}

owner.subscribe(() => {
  for (const key of [...trays.keys()]) {
    if (!key.startsWith(`draft.${owner.get()}.`)) forgetTray(key);
  }
});
