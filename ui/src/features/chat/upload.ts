/** Sends images to the server, and takes them away again. */
import { t } from "@lingui/core/macro";
import { deleteImage, uploadImage } from "../../api/attachments";
import { codeOf, ProblemError } from "../../api/problem";
import { describeError } from "../../api/words";
import { online } from "../../lib/online";
import { drop, keepAtHand } from "./image-source";
import { changePicture, letGo, type Picture } from "./tray";

/** A server takes only some from one person at once. */
const lanes: Promise<void>[] = [Promise.resolve(), Promise.resolve(), Promise.resolve()];
let last = 0;

export function upload(picture: Picture): Promise<void> {
  const abort = new AbortController();
  changePicture(picture.key, { abort, error: null });
  last = (last + 1) % lanes.length;
  const run = () => send(picture, abort);
  const sent = (lanes[last] ?? Promise.resolve()).then(run);
  lanes[last] = sent;
  return sent;
}

async function send({ key, name, image, address }: Picture, abort: AbortController): Promise<void> {
  if (!image || !address || abort.signal.aborted) return;
  try {
    await online(abort.signal);
    const attachment = await uploadImage(name, image, abort.signal);
    keepAtHand(attachment.id, address);
    if (!changePicture(key, { attachment })) forgetImage(attachment.id);
  } catch (error) {
    if (!abort.signal.aborted) changePicture(key, { error });
  }
}

export function remove(picture: Picture): void {
  const { key, attachment, sent } = picture;
  changePicture(key, null);
  letGo(picture);
  if (attachment && !sent) forgetImage(attachment.id);
}

function forgetImage(id: string): void {
  drop(id);
  // What stays behind goes by itself after a day.
  deleteImage(id).catch(() => {});
}

/** Whether the same again could go well. */
export function isWorthTrying(error: unknown): boolean {
  return !(error instanceof ProblemError) || ![413, 422].includes(error.problem.status);
}

export function whyNotSent(error: unknown): string {
  switch (codeOf(error)) {
    case "too_large":
      return t`It is larger than this server takes.`;
    case "invalid":
      return t`It cannot be read as an image.`;
    default:
      return describeError(error).title;
  }
}
