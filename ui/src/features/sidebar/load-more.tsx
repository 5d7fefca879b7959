/** Asks for the next page when the end of the list comes near. */
import { useLingui } from "@lingui/react/macro";
import { useEffect, useRef } from "react";
import { Spinner } from "../../components/spinner";

export function LoadMore({ busy, onReached }: { busy: boolean; onReached: () => void }) {
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
      { rootMargin: "300px" },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [busy]);
  return <div ref={place}>{busy ? <Spinner label={t`Loading more`} /> : null}</div>;
}
