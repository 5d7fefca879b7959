/** One subject of the settings: its name, a sentence about it, and what can be done. */
import { Trans, useLingui } from "@lingui/react/macro";
import type { UseInfiniteQueryResult, UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import type { Words } from "../../api/answer-words";
import { describeError } from "../../api/words";
import { Button } from "../../components/button";
import { OfflineIcon } from "../../components/icons";
import { Notice } from "../../components/notice";
import { Spinner } from "../../components/spinner";
import styles from "./settings.module.css";

interface SectionProps {
  title: ReactNode;
  /** What links lead to. */
  anchor?: string;
  about?: ReactNode;
  children: ReactNode;
}

export function Section({ title, anchor, about, children }: SectionProps) {
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const focused = useRef<Element>(null);
  // A row that was deleted takes the focus with it, and so does a form that is given up.
  useLayoutEffect(() => {
    if (document.activeElement !== document.body || focused.current?.isConnected !== false) return;
    focused.current = null;
    heading.current?.focus({ preventScroll: true });
  });
  return (
    <section
      id={anchor}
      className={styles.section}
      aria-labelledby={id}
      onFocus={(event) => {
        focused.current = event.target;
      }}
    >
      <h2 id={id} ref={heading} tabIndex={-1}>
        {title}
      </h2>
      {about && <p className={styles.about}>{about}</p>}
      {children}
    </section>
  );
}

export function Failure({ words }: { words: Words | null }) {
  return words && <Notice title={words.title}>{words.advice}</Notice>;
}

/** What stands in the place of a list that is not there yet. */
export function Arrival({ of: query }: { of: UseQueryResult | UseInfiniteQueryResult }) {
  const { t } = useLingui();
  if (query.isPaused && (query.isPending || query.isPlaceholderData)) return <Offline />;
  if (query.isPending) return <Spinner label={t`Loading`} />;
  // Of a further page it is told where that page would be.
  const isOfFurther = "isFetchNextPageError" in query && query.isFetchNextPageError;
  if (!query.isError || isOfFurther) return null;
  return (
    <>
      <Failure words={describeError(query.error)} />
      <div>
        <Button onClick={() => void query.refetch()}>
          <Trans>Try again</Trans>
        </Button>
      </div>
    </>
  );
}

/** Nothing is asked without a network, nor does anything fail. */
function Offline() {
  return (
    <Notice tone="calm" icon={<OfflineIcon size={18} />} title={<Trans>You are offline.</Trans>}>
      <Trans>This is loaded as soon as you are back.</Trans>
    </Notice>
  );
}

/** The way to the next page of a list, where there is one. */
export function ShowMore({ of: query }: { of: UseInfiniteQueryResult }) {
  if (!query.hasNextPage) return null;
  const failed = query.isFetchNextPageError;
  return (
    <>
      {query.isPaused && !query.isPlaceholderData && <Offline />}
      {failed && <Failure words={describeError(query.error)} />}
      <div>
        <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {failed ? <Trans>Try again</Trans> : <Trans>Show more</Trans>}
        </Button>
      </div>
    </>
  );
}
