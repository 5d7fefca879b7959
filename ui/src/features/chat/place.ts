/** Where each conversation was left, for coming back to it in this tab, also after a reload. */
import { loadInTab, saveInTab } from "../../lib/storage";

export interface Place {
  /** The first message that was on screen. */
  messageId: string;
  /** Its top, in px below the top of what scrolls. */
  y: number;
  /** For when that message is not loaded: px from the end, which older messages do not change. */
  fromEnd: number;
}

/** `null`: at its end, where new words are followed. */
export function readPlace(key: string): Place | null {
  try {
    return JSON.parse(loadInTab(`place.${key}`) ?? "null");
  } catch {
    return null;
  }
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
    const fromEnd = scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
    return { messageId: row.dataset.message ?? "", y: box.top - top, fromEnd };
  }
  return null;
}

export function returnTo(scroller: HTMLElement, place: Place): void {
  const row = rowOf(scroller, place.messageId);
  if (row) {
    const { top } = scroller.getBoundingClientRect();
    scroller.scrollTop += row.getBoundingClientRect().top - top - place.y;
  } else {
    scroller.scrollTop = scroller.scrollHeight - scroller.clientHeight - place.fromEnd;
  }
}
