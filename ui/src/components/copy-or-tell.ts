/** Copies a text, and tells where the browser does not allow that. Whether it did. */
import { t } from "@lingui/core/macro";
import { copyText } from "../lib/clipboard";
import { showToast } from "./toast";

export async function copyOrTell(text: string): Promise<boolean> {
  const copied = await copyText(text);
  if (!copied) showToast(t`The browser did not let it be copied.`);
  return copied;
}
