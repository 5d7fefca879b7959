/**
 * What the server wrote into the page, so that nobody waits for a request before the first paint.
 * Under `vite dev` the island is `{}` and the page asks instead.
 */
import type { Theme } from "./theme";

export interface Boot {
  /** `undefined`: the server did not say. */
  user?: unknown;
  signup?: "open" | "invite" | "closed";
  /** Whether passkeys work at this address. */
  passkeys?: boolean;
  version?: string;
  /** How many images one question takes; `null`: unknown. */
  max_attachments_per_message?: number | null;
  /** What each of them may weigh. */
  max_attachment_bytes?: number | null;
  theme?: Theme;
}

export function readBoot(document: Document): Boot {
  try {
    const parsed: unknown = JSON.parse(document.getElementById("boot")?.textContent ?? "{}");
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
