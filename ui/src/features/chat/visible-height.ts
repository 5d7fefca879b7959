/**
 * Where a keyboard on the screen covers the page instead of making it smaller, as on an iPhone, the
 * chat is only as high as what is left to see: the message box stays above the keyboard.
 */
import { type RefObject, useEffect } from "react";

export function useVisibleHeight(page: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const view = window.visualViewport;
    if (!view) return;
    function adapt() {
      const element = page.current;
      if (!element || !view) return;
      // A page that was zoomed in by two fingers is not covered by anything.
      const covered = view.scale === 1 && innerHeight - view.height > 80;
      element.style.height = covered ? `${view.height}px` : "";
      // The browser has pushed the page up to show the caret, which is in sight without that.
      if (covered) scrollTo(0, 0);
    }
    view.addEventListener("resize", adapt);
    adapt();
    return () => view.removeEventListener("resize", adapt);
  }, [page]);
}
