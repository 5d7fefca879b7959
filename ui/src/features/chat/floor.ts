/**
 * When an answer goes on, its outcome and buttons give way to words that are still to come. Until
 * it has ended again it stays at least as high as it was, so that nothing on screen moves.
 */
import { type RefObject, useLayoutEffect, useRef } from "react";

export interface Floor {
  element: RefObject<HTMLElement | null>;
  /** Remembers how high the element is now. */
  measure: () => void;
}

export function useFloor(held: boolean): Floor {
  const element = useRef<HTMLElement>(null);
  const height = useRef(0);
  const measure = () => {
    height.current = element.current?.offsetHeight ?? 0;
  };
  useLayoutEffect(() => {
    const { current } = element;
    if (!held || !current || height.current === 0) return;
    current.style.minHeight = `${height.current}px`;
    return () => {
      current.style.minHeight = "";
      height.current = 0;
    };
  }, [held]);
  return { element, measure };
}
