/** Where each conversation was left, for coming back to it in this tab, also after a reload. */
import { loadInTab, saveInTab } from "../../lib/storage";

export interface Place {
  /** The first message that was on screen. */
  messageId: string;
  /** Its top, in px below the top of what scrolls. */
  y: number;
  /** It was asked for, wherever it stands, and not only where somebody was. */
  named?: true;
}

/** So far from the top a message is shown that was looked for, in px. */
export const belowHeader = 24;

/** `null`: at its end, where new words are followed. */
export function readPlace(key: string): Place | null {
  try {
    return JSON.parse(loadInTab(`place.${key}`) ?? "null");
  } catch {
    return null;
  }
}

/** Where the message is that an address ends with, such as that of a search's hit. */
export function placeNamed(hash: string): Place | null {
  const messageId = hash.match(/^#message-(.+)$/)?.[1];
  return messageId ? { messageId, y: belowHeader, named: true } : null;
}

export function writePlace(key: string, place: Place | null): void {
  saveInTab(`place.${key}`, place && JSON.stringify(place));
}

export function rowOf(scroller: HTMLElement, messageId: string): HTMLElement | null {
  return scroller.querySelector(`[data-message="${messageId}"]`);
}

/** Where the reader is. */
export function placeIn(scroller: HTMLElement): Place | null {
  const { top } = scroller.getBoundingClientRect();
  for (const row of scroller.querySelectorAll<HTMLElement>("[data-message]")) {
    const box = row.getBoundingClientRect();
    if (box.bottom <= top) continue;
    return { messageId: row.dataset.message ?? "", y: box.top - top };
  }
  return null;
}

/** Brings the reader back; `null` where that message is not in the page now. */
export function returnTo(scroller: HTMLElement, place: Place): HTMLElement | null {
  const row = rowOf(scroller, place.messageId);
  if (row) {
    const { top } = scroller.getBoundingClientRect();
    scroller.scrollTop += row.getBoundingClientRect().top - top - place.y;
  }
  return row;
}
