/** Loads the page before when the reader comes near the top. */
import { useLingui } from "@lingui/react/macro";
import { type RefObject, useEffect, useRef } from "react";
import { Spinner } from "../../components/spinner";

interface OlderMessagesProps {
  busy: boolean;
  onReached: () => void;
  root: RefObject<HTMLElement | null>;
}

export function OlderMessages({ busy, onReached, root }: OlderMessagesProps) {
  const { t } = useLingui();
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
      { root: root.current, rootMargin: "600px 0px" },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [busy, root]);
  return <div ref={place}>{busy ? <Spinner label={t`Loading older messages`} /> : null}</div>;
}
