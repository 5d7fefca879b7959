/** What was found, in names and in what was said, each with the words around the hit. */
import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { type Hit, searchQuery } from "../../api/projects";
import { LoadMore } from "./load-more";
import styles from "./sidebar.module.css";
import { Unlisted } from "./unlisted";

/** So long somebody pauses before the server is asked; in ms. */
export const typingPause = 200;

interface SearchResultsProps {
  words: string;
  gone: ReadonlySet<string>;
  row: (hit: Hit, words: string) => ReactNode;
  /** Shown until the first answer comes. */
  children: ReactNode;
}

export function SearchResults({ words, gone, row, children }: SearchResultsProps) {
  const { t } = useLingui();
  const settled = useSettled(words);
  const found = useInfiniteQuery({
    ...searchQuery(settled),
    enabled: settled !== "",
    placeholderData: keepPreviousData,
  });
  const failed = found.isError && !found.isFetching;
  const { isFetchNextPageError, fetchNextPage, refetch } = found;
  const unlisted = failed && (
    <Unlisted
      error={found.error}
      onRetry={() => void (isFetchNextPageError ? fetchNextPage() : refetch())}
    />
  );
  // Everything there is, or what other words found, would look as if it had been found.
  if (found.isPaused && (!found.data || found.isPlaceholderData)) return <Offline />;
  if (!found.data) return unlisted || children;
  const hits = found.data.pages.flatMap((page) => page.items).filter(({ id }) => !gone.has(id));
  const more = found.hasNextPage;
  return (
    <section aria-label={t`Found`} aria-busy={found.isPlaceholderData || settled !== words}>
      <p className={styles.note} role="status">
        {/* The server looks for a second at most, and then says where to go on. */}
        {hits.length === 0 && more ? (
          <Trans>Looking…</Trans>
        ) : hits.length === 0 ? (
          <Trans>Nothing contains “{settled}”, neither a title nor a message.</Trans>
        ) : more ? (
          <Plural
            value={hits.length}
            one="More than # conversation"
            other="More than # conversations"
          />
        ) : (
          <Plural value={hits.length} one="# conversation" other="# conversations" />
        )}
      </p>
      <ul>{hits.map((hit) => row(hit, settled))}</ul>
      {found.isPaused && <Offline />}
      {unlisted ||
        (more && (
          <LoadMore
            busy={found.isFetchingNextPage}
            failed={isFetchNextPageError}
            onReached={() => void fetchNextPage()}
          />
        ))}
    </section>
  );
}

function Offline() {
  return (
    <p className={styles.note} role="status">
      <Trans>You are offline.</Trans> <Trans>The search goes on as soon as you are back.</Trans>
    </p>
  );
}

function useSettled(words: string): string {
  const [settled, setSettled] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setSettled(words), typingPause);
    return () => clearTimeout(timer);
  }, [words]);
  return settled;
}
