/** What becomes of files that somebody pastes, drops or picks: an image, a part of the question, or a word why neither. */
import { t } from "@lingui/core/macro";
import { imageLimits } from "../../api/attachments";
import { showToast } from "../../components/toast";
import { randomId } from "../../lib/ids";
import { nameAs, prepareImage, sendable } from "./scale-image";
import { quoted, readTextFile } from "./text-file";
import { changePicture, changeTray, type Picture, trayOf } from "./tray";
import { tooMany, upload } from "./upload";

export interface Taker {
  /** The draft that they belong to. */
  trayKey: string;
  /** The model that takes no images, if it is one. */
  imageless: string | null;
  /** Puts a text into the question. */
  append: (text: string) => void;
}

/** Others may be readable to this browser, and are sent as one of these. An SVG is a text. */
export function isImage({ type }: File): boolean {
  return sendable.includes(type) || (type.startsWith("image/") && type !== "image/svg+xml");
}

export async function takeFiles(files: File[], { trayKey, imageless, append }: Taker) {
  const images = files.filter(isImage);
  if (images.length > 0 && imageless !== null) {
    showToast(t`${imageless} takes no images. Choose another model.`);
  } else {
    addImages(trayKey, images);
  }
  for (const file of files) {
    if (isImage(file)) continue;
    const text = await readTextFile(file);
    if (text !== null) append(quoted(file.name, text));
    else
      showToast(
        t`${file.name} cannot be attached. Images (PNG, JPEG, GIF, WebP) and text files up to 64 KB can.`,
      );
  }
}

function addImages(trayKey: string, images: File[]): void {
  const { most } = imageLimits();
  const room = most - trayOf(trayKey).get().length;
  if (images.length > room) showToast(tooMany(most));
  const taken = images
    .slice(0, Math.max(0, room))
    .map((file) => ({ file, key: randomId(), name: file.name || "image" }));
  if (taken.length === 0) return;
  const added = taken.map(({ key, name }): Picture => ({ key, name, attachment: null }));
  changeTray(trayKey, (pictures) => [...pictures, ...added]);
  for (const one of taken) {
    // One after another: a large one needs much room while it is read.
    preparing = preparing.then(() => prepare(one));
  }
}

let preparing: Promise<void> = Promise.resolve();

async function prepare(taken: { file: File; key: string; name: string }) {
  const { file, key } = taken;
  try {
    const image = await prepareImage(file, imageLimits().heaviest);
    const name = nameAs(image.type, file.type, taken.name);
    const address = URL.createObjectURL(image);
    if (changePicture(key, { name, image, address })) {
      void upload({ key, name, attachment: null, image, address });
    } else {
      URL.revokeObjectURL(address);
    }
  } catch {
    const { name } = taken;
    changePicture(key, null);
    showToast(
      t`${name} cannot be read as an image. It may be damaged, or of a kind that this browser does not know.`,
    );
  }
}
