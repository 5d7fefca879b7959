/** An invisible place that tells when the reader comes near it, and shows that more is being loaded, or could not be. */
import { Trans } from "@lingui/react/macro";
import { type RefObject, useEffect, useRef } from "react";
import { Button } from "./button";
import styles from "./reach.module.css";
import { Spinner } from "./spinner";

interface ReachProps {
  busy: boolean;
  /** The last time it failed: it is asked for again only by somebody, and not for as long as they look. */
  failed: boolean;
  /** What is being loaded, for screen readers. */
  label: string;
  onReached: () => void;
  /** How near, as a CSS margin around what is visible. */
  margin: string;
  /** What scrolls; the page itself when left out. */
  root?: RefObject<HTMLElement | null>;
}

export function Reach({ busy, failed, label, onReached, margin, root }: ReachProps) {
  const place = useRef<HTMLDivElement>(null);
  const reached = useRef(onReached);
  reached.current = onReached;
  useEffect(() => {
    const element = place.current;
    if (!element || busy || failed) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) reached.current();
      },
      { root: root?.current ?? null, rootMargin: margin },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [busy, failed, margin, root]);
  return (
    <div ref={place}>
      {busy && <Spinner label={label} />}
      {failed && !busy && (
        <p className={styles.failed} role="status">
          <Trans>The rest could not be loaded.</Trans>{" "}
          <Button look="link" onClick={onReached}>
            <Trans>Try again</Trans>
          </Button>
        </p>
      )}
    </div>
  );
}
