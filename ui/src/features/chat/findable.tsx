/**
 * Lets the browser's own find-in-page see the messages that are not in the page now: those that are
 * still to be loaded, and those that a long list has taken out. Their words stand in the page unseen,
 * and whoever finds them there is brought to the message itself.
 */
import { useInfiniteQuery } from "@tanstack/react-query";
import { memo, useDeferredValue, useEffect, useMemo, useState } from "react";
import { flushSync } from "react-dom";
import type { Message } from "../../api/client";
import { inReadingOrder, textsQuery } from "../../api/messages";
import { plainText } from "../../components/markdown/plain-text";
import { type Store, useStore } from "../../lib/store";
import styles from "./thread.module.css";

/** So long a conversation stands open until the rest of it is looked at, in ms … */
const settled = 3_000;
/** … and so much of it, in characters, unless somebody begins to search. */
const unasked = 4_000_000;

/** The older messages whose words can be found; they may not be complete yet. */
export function useOlderTexts(projectId: string | null, messages: Message[], has: boolean) {
  const eager = useEagerness(has);
  const before = messages[0]?.parent_id ?? null;
  const [from, setFrom] = useState(before);
  const texts = useInfiniteQuery({
    ...textsQuery(projectId ?? "", from),
    enabled: has && eager !== "no" && projectId !== null && from !== null,
  });
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = texts;
  const all = useMemo(() => (data ? inReadingOrder(data) : []), [data]);
  const length = useMemo(() => all.reduce((sum, { content }) => sum + content.length, 0), [all]);

  const wanted = eager === "yes" || length < unasked;
  useEffect(() => {
    if (data && hasNextPage && !isFetching && !isError && wanted) void fetchNextPage();
  }, [data, hasNextPage, isFetching, isError, wanted, fetchNextPage]);

  // Of another branch the older messages may be others.
  const fits = before === from || before === null || all.some(({ id }) => id === before);
  if (!fits && !isFetching) setFrom(before);

  return useMemo(() => {
    const end = all.findIndex(({ id }) => id === messages[0]?.id);
    return end < 0 ? all : all.slice(0, end);
  }, [all, messages]);
}

/** Whether to look at the rest: not before there is time for it, on saved data only when it is searched. */
function useEagerness(has: boolean): "no" | "some" | "yes" {
  const [eager, setEager] = useState<"no" | "some" | "yes">("no");
  useEffect(() => {
    if (!has) return;
    const saves = (navigator as { connection?: { saveData?: boolean } }).connection?.saveData;
    const timer = saves
      ? undefined
      : setTimeout(() => setEager((now) => (now === "no" ? "some" : now)), settled);
    function press({ key, ctrlKey, metaKey }: KeyboardEvent) {
      const finds = (ctrlKey || metaKey) && (key === "f" || key === "g");
      if (finds || key === "F3") setEager("yes");
    }
    addEventListener("keydown", press);
    return () => {
      clearTimeout(timer);
      removeEventListener("keydown", press);
    };
  }, [has]);
  return eager;
}

const nothing: Message[] = [];

export type ShownRows = Store<ReadonlySet<string>>;

/** Notes, while it is in the page, that a message is. */
export function useShown(rows: ShownRows, id: string): void {
  useEffect(() => {
    rows.set(new Set(rows.get()).add(id));
    return () => rows.set(new Set([...rows.get()].filter((other) => other !== id)));
  }, [rows, id]);
}

interface FindableProps {
  messages: Message[];
  /** Which of them are in the page, and need not be found twice. */
  shown: ShownRows;
  onFound: (messageId: string) => void;
}

export function Findable({ messages, shown, onFound }: FindableProps) {
  // There can be a thousand of them, and nobody waits for any.
  const unseen = useDeferredValue(messages, nothing);
  const inPage = useDeferredValue(useStore(shown));
  const [found, setFound] = useState<string | null>(null);
  const [place, setPlace] = useState<HTMLElement | null>(null);

  if (found && inPage.has(found)) setFound(null);

  useEffect(() => {
    if (!place) return;
    function reveal(event: Event) {
      const id = (event.target as HTMLElement).dataset.wordsOf;
      if (!id) return;
      // Gone before the browser scrolls to it: the message is what is to be seen.
      flushSync(() => setFound(id));
      onFound(id);
    }
    place.addEventListener("beforematch", reveal);
    return () => place.removeEventListener("beforematch", reveal);
  }, [place, onFound]);

  return (
    <div ref={setPlace} className={styles.unseen}>
      {unseen.map(({ id, content }) =>
        inPage.has(id) || id === found ? null : <Words key={id} id={id} markdown={content} />,
      )}
    </div>
  );
}

const Words = memo(({ id, markdown }: { id: string; markdown: string }) => (
  <div ref={hideUntilFound} data-words-of={id}>
    {plainText(markdown)}
  </div>
));

/** React knows `hidden` only as yes or no. */
function hideUntilFound(element: HTMLElement | null): void {
  element?.setAttribute("hidden", "until-found");
}
