/** Where a page has its images from: those it sent itself are still at hand, and shown without asking for them. */
import type { Attachment } from "../../api/client";
import { owner } from "../../api/owner";

/** So many are kept at hand. */
const most = 32;
const local = new Map<string, string>();

export function imageSource({ id }: Attachment): string {
  return local.get(id) ?? `/api/attachments/${id}`;
}

/** `address` shows what the server has under this id. */
export function keepAtHand(id: string, address: string): void {
  local.set(id, address);
  const [oldest] = local;
  if (oldest && local.size > most) drop(oldest[0]);
}

export function drop(id: string): void {
  const address = local.get(id);
  if (address) URL.revokeObjectURL(address);
  local.delete(id);
}

owner.subscribe(() => {
  for (const id of [...local.keys()]) drop(id);
});
