/** Images that go with a question: sent before it, and kept by the server for a day until they are asked about. */
import { type Attachment, call, client } from "./client";

/** As many as one question takes. */
export const mostImages = 8;

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
