/** Where the focus goes when what had it goes away. */
import { coarsePointer } from "../../lib/media";

/** The message box takes the focus from `row`; not on touch, where the keyboard would cover what one reads. */
export function focusComposerInsteadOf(row: HTMLElement): void {
  if (matchMedia(coarsePointer).matches) return;
  const { activeElement, body } = document;
  if (activeElement !== body && !row.contains(activeElement)) return;
  document.getElementById("composer")?.focus({ preventScroll: true });
}
