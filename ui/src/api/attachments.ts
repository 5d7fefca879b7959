/** Images that go with a question: sent before it, and kept by the server for a day until they are asked about. */
import { readBoot } from "../lib/boot";
import { type Attachment, call, client } from "./client";

/** What an image weighs at most where the server takes more: models look no closer, in bytes. */
const light = 1.5 * 1024 * 1024;

/** How many images one question takes, and what each may weigh, in bytes. An older server does not say. */
export function imageLimits(): { most: number; heaviest: number } {
  const { max_attachments_per_message, max_attachment_bytes } = readBoot(document);
  return {
    most: max_attachments_per_message ?? 8,
    heaviest: Math.min(light, max_attachment_bytes ?? light),
  };
}

export function uploadImage(name: string, image: Blob, signal: AbortSignal): Promise<Attachment> {
  return call(
    client.POST("/api/attachments/", {
      params: { query: { name } },
      body: image as never,
      bodySerializer: (body) => body,
      headers: { "content-type": image.type },
      signal,
    }),
  );
}

/** Only one that has not been asked about. */
export async function deleteImage(id: string): Promise<void> {
  await call(
    client.DELETE("/api/attachments/{attachment_id}", { params: { path: { attachment_id: id } } }),
  );
}
