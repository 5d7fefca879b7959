/** Keeps the focus in a row that is made anew because it has come into another group. */
import { type RefObject, useLayoutEffect } from "react";

/** Of the row that went while the focus was in it; `inSight` where its reader goes by the keyboard. */
let gone: { id: string; inSight: boolean } | null = null;

/** `row` shows what is called `id`; its link takes the focus that the row had elsewhere. */
export function useKeepFocus(row: RefObject<HTMLElement | null>, id: string): void {
  useLayoutEffect(() => {
    const element = row.current;
    if (gone?.id === id) {
      element?.querySelector("a")?.focus({ preventScroll: !gone.inSight });
      gone = null;
    }
    return () => {
      const { activeElement } = document;
      if (!activeElement || !element?.contains(activeElement)) return;
      gone = { id, inSight: activeElement.matches(":focus-visible") };
      // Rows come and go in one step: what is made later, such as in a drawer, is another matter.
      queueMicrotask(() => {
        gone = null;
      });
    };
  }, [row, id]);
}
