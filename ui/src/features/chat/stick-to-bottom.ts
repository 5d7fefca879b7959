/**
 * The text is followed only while its reader is at the bottom. Anything that scrolls up, be it a
 * wheel, a finger or a key, lets go; reaching the bottom again takes hold.
 */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useHold } from "./hold";
import { type Place, placeIn, returnTo, writePlace } from "./place";

const near = 48;
/** How long a message is kept in its place after its branch has changed: formulas come late, in ms. */
const settling = 400;
/** The same for a conversation that is opened, in ms: the formulas' fonts may still have to come. */
const arriving = 2_000;

export interface StickToBottom {
  scroller: RefObject<HTMLDivElement | null>;
  content: RefObject<HTMLDivElement | null>;
  atBottom: boolean;
  toBottom: (behavior?: ScrollBehavior) => void;
  /**
   * Keeps `row` where it is on screen while its branch changes, which the result tells the end of.
   * `follow`: what comes now is still to be written, and is followed.
   */
  hold: (row: HTMLElement, then: "stay" | "follow") => () => void;
  /** To be called when the messages have changed, before they are painted. */
  settle: () => void;
}

/** `left`: where the conversation under `key` was left; `null` at its end. */
export function useStickToBottom(key: string, left: Place | null, ready: boolean): StickToBottom {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const sticking = useRef(left === null);
  const [atBottom, setAtBottom] = useState(left === null);
  const { begin, settle, scrolled, end, room, release } = useHold(scroller, content);

  const toBottom = useCallback(
    (behavior: ScrollBehavior = "auto") => {
      const element = scroller.current;
      if (!element) return;
      release();
      sticking.current = true;
      setAtBottom(true);
      element.scrollTo({ top: element.scrollHeight, behavior });
    },
    [release],
  );

  const hold = useCallback(
    (row: HTMLElement, then: "stay" | "follow") => {
      const seen = begin(row);
      sticking.current = then === "follow";
      // The beginning of a long answer is far above: its successor begins at the end of the page.
      if (then === "follow" && !seen) release();
      return () => setTimeout(end, settling);
    },
    [begin, end, release],
  );

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || !ready) return;
    if (sticking.current) element.scrollTop = element.scrollHeight;
    const row = left && returnTo(element, left);
    if (row) begin(row);
    const timer = setTimeout(end, arriving);
    const leave = () => writePlace(key, sticking.current ? null : placeIn(element));
    addEventListener("pagehide", leave);
    return () => {
      leave();
      clearTimeout(timer);
      removeEventListener("pagehide", leave);
    };
  }, [key, ready, left, begin, end]);

  useEffect(() => {
    const element = scroller.current;
    const inner = content.current;
    if (!element || !inner || !ready) return;
    let lastTop = element.scrollTop;
    let lastHeight = element.scrollHeight;
    const distance = () =>
      Math.max(0, element.scrollHeight - element.clientHeight - element.scrollTop - room());

    function onScroll() {
      if (!element) return;
      const wentUp = element.scrollTop < lastTop - 1 && element.scrollHeight >= lastHeight;
      if (wentUp && distance() > 2) sticking.current = false;
      else if (distance() <= near) sticking.current = true;
      scrolled();
      lastTop = element.scrollTop;
      lastHeight = element.scrollHeight;
      setAtBottom(sticking.current || distance() <= near);
    }

    const grown = new ResizeObserver(() => {
      if (sticking.current) element.scrollTop = element.scrollHeight;
      else {
        settle();
        setAtBottom(distance() <= near);
      }
      lastHeight = element.scrollHeight;
    });
    grown.observe(inner);
    grown.observe(element);
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      grown.disconnect();
      element.removeEventListener("scroll", onScroll);
    };
  }, [ready, settle, scrolled, room]);

  return { scroller, content, atBottom, toBottom, hold, settle };
}
