/** An invisible place that tells when the reader comes near it, and shows that more is being loaded. */
import { type RefObject, useEffect, useRef } from "react";
import { Spinner } from "./spinner";

interface ReachProps {
  busy: boolean;
  /** What is being loaded, for screen readers. */
  label: string;
  onReached: () => void;
  /** How near, as a CSS margin around what is visible. */
  margin: string;
  /** What scrolls; the page itself when left out. */
  root?: RefObject<HTMLElement | null>;
}

export function Reach({ busy, label, onReached, margin, root }: ReachProps) {
  const place = useRef<HTMLDivElement>(null);
  const reached = useRef(onReached);
  reached.current = onReached;
  useEffect(() => {
    const element = place.current;
    if (!element || busy) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) reached.current();
      },
      { root: root?.current ?? null, rootMargin: margin },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [busy, margin, root]);
  return <div ref={place}>{busy ? <Spinner label={label} /> : null}</div>;
}
