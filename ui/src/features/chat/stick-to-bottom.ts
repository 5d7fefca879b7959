/**
 * The text is followed only while its reader is at the bottom. Anything that scrolls up, be it a
 * wheel, a finger or a key, lets go; reaching the bottom again takes hold.
 */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

const near = 48;

/** Where each conversation was left: distance from its end, which older messages do not change. */
const places = new Map<string, number>();

export interface StickToBottom {
  scroller: RefObject<HTMLDivElement | null>;
  content: RefObject<HTMLDivElement | null>;
  atBottom: boolean;
  toBottom: (behavior?: ScrollBehavior) => void;
}

export function useStickToBottom(key: string, ready: boolean): StickToBottom {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const sticking = useRef(true);
  const [atBottom, setAtBottom] = useState(true);

  const toBottom = useCallback((behavior: ScrollBehavior = "auto") => {
    const element = scroller.current;
    if (!element) return;
    sticking.current = true;
    setAtBottom(true);
    element.scrollTo({ top: element.scrollHeight, behavior });
  }, []);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || !ready) return;
    const left = places.get(key) ?? 0;
    sticking.current = left <= near;
    setAtBottom(sticking.current);
    element.scrollTop = element.scrollHeight - element.clientHeight - left;
  }, [key, ready]);

  useEffect(() => {
    const element = scroller.current;
    const inner = content.current;
    if (!element || !inner || !ready) return;
    let lastTop = element.scrollTop;
    let lastHeight = element.scrollHeight;
    const distance = () => element.scrollHeight - element.clientHeight - element.scrollTop;

    function scrolled() {
      if (!element) return;
      const wentUp = element.scrollTop < lastTop - 1 && element.scrollHeight >= lastHeight;
      if (wentUp && distance() > 2) sticking.current = false;
      else if (distance() <= near) sticking.current = true;
      lastTop = element.scrollTop;
      lastHeight = element.scrollHeight;
      setAtBottom(sticking.current || distance() <= near);
      places.set(key, sticking.current ? 0 : distance());
    }

    const grown = new ResizeObserver(() => {
      if (sticking.current) element.scrollTop = element.scrollHeight;
      else setAtBottom(distance() <= near);
      lastHeight = element.scrollHeight;
    });
    grown.observe(inner);
    grown.observe(element);
    element.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      grown.disconnect();
      element.removeEventListener("scroll", scrolled);
    };
  }, [key, ready]);

  return { scroller, content, atBottom, toBottom };
}
