/** Sends images to the server, and takes them away again. */
import { plural, t } from "@lingui/core/macro";
import { deleteImage, uploadImage } from "../../api/attachments";
import type { Attachment } from "../../api/client";
import { codeOf, ProblemError, statusOf } from "../../api/problem";
import { describeError } from "../../api/words";
import { wait } from "../../lib/back-off";
import { online } from "../../lib/online";
import { drop, keepAtHand } from "./image-source";
import { changePicture, letGo, type Picture } from "./tray";

/** How many are sent at once. A line or a server for which that is too much gets one after another. */
let lanes = 2;
let busy = 0;
const queue: (() => Promise<void>)[] = [];
/** How often a server that is busy is asked again. */
const mostTries = 5;

export function upload(picture: Picture): Promise<void> {
  const abort = new AbortController();
  changePicture(picture.key, { abort, error: null });
  return new Promise((resolve) => {
    queue.push(() => send(picture, abort).finally(resolve));
    goOn();
  });
}

function goOn(): void {
  while (busy < lanes) {
    const next = queue.shift();
    if (!next) return;
    busy++;
    void next().finally(() => {
      busy--;
      goOn();
    });
  }
}

async function send({ key, name, image, address }: Picture, { signal }: AbortController) {
  if (!image || !address || signal.aborted) return;
  try {
    const attachment = await untilTaken(name, image, signal);
    keepAtHand(attachment.id, address);
    if (!changePicture(key, { attachment })) forgetImage(attachment.id);
  } catch (error) {
    if (!signal.aborted) changePicture(key, { error });
  }
}

async function untilTaken(name: string, image: Blob, signal: AbortSignal): Promise<Attachment> {
  for (let tries = 1; ; tries++) {
    await online(signal);
    try {
      return await uploadImage(name, image, signal);
    } catch (error) {
      if (![408, 503].includes(statusOf(error) ?? 0)) throw error;
      lanes = 1;
      if (codeOf(error) !== "busy" || tries === mostTries) throw error;
      const seconds = (error as ProblemError).problem.retry_after ?? 1;
      await wait(seconds * 1000, signal);
    }
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

export function tooMany(most: number): string {
  return plural(most, {
    one: "At most # image goes with a question.",
    other: "At most # images go with a question.",
  });
}
