/**
 * Keeps a message where it is on screen while what it shows gives way to another branch. Where that
 * is shorter, the thread keeps its height until the reader scrolls up: nothing is pulled down.
 */
import { type RefObject, useCallback, useRef } from "react";

interface Held {
  row: HTMLElement;
  edge: "top" | "bottom";
  /** Where that edge was on screen, in px. */
  y: number;
}

export interface Hold {
  /** Returns whether the top of the message is on screen; else its end is what stays. */
  begin: (row: HTMLElement) => boolean;
  /** After a change, before it is painted. */
  settle: () => void;
  /** The reader has scrolled: what stays, stays where it is now, and room that is not seen goes. */
  scrolled: () => void;
  end: () => void;
  /** How much room there is beneath the last message, in px. */
  room: () => number;
  /** Gives up that room. */
  release: () => void;
}

export function useHold(
  scroller: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
): Hold {
  const held = useRef<Held | null>(null);
  const floor = useRef(0);

  const setFloor = useCallback(
    (height: number) => {
      floor.current = height;
      if (content.current) content.current.style.minHeight = height > 0 ? `${height}px` : "";
    },
    [content],
  );

  const begin = useCallback(
    (row: HTMLElement) => {
      const element = scroller.current;
      if (!element) return false;
      const view = element.getBoundingClientRect();
      const box = row.getBoundingClientRect();
      const seen = box.top >= view.top && box.top < view.bottom;
      held.current = { row, edge: seen ? "top" : "bottom", y: seen ? box.top : box.bottom };
      setFloor(element.scrollTop + element.clientHeight);
      return seen;
    },
    [scroller, setFloor],
  );

  const settle = useCallback(() => {
    const element = scroller.current;
    const { current } = held;
    if (!element || !current?.row.isConnected) return;
    const moved = current.row.getBoundingClientRect()[current.edge] - current.y;
    if (Math.abs(moved) < 0.5) return;
    const top = Math.max(0, element.scrollTop + moved);
    setFloor(top + element.clientHeight);
    element.scrollTop = top;
  }, [scroller, setFloor]);

  const scrolled = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const { current } = held;
    if (current) current.y = current.row.getBoundingClientRect()[current.edge];
    const seen = element.scrollTop + element.clientHeight;
    if (seen < floor.current) setFloor(seen);
  }, [scroller, setFloor]);

  const end = useCallback(() => {
    held.current = null;
  }, []);

  const release = useCallback(() => {
    end();
    setFloor(0);
  }, [end, setFloor]);

  const room = useCallback(() => {
    const inner = content.current;
    const last = inner?.lastElementChild;
    if (!inner || !last || floor.current === 0) return 0;
    const padding = Number.parseFloat(getComputedStyle(inner).paddingBlockEnd) || 0;
    const end = last.getBoundingClientRect().bottom + padding;
    return Math.max(0, inner.getBoundingClientRect().bottom - end);
  }, [content]);

  return { begin, settle, scrolled, end, room, release };
}
