/** Every conversation: those that are pinned, then the others by the day they were last used. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Project } from "../../api/client";
import { listening } from "../../api/live";
import { pinnedQuery, projectsQuery } from "../../api/projects";
import { Spinner } from "../../components/spinner";
import { useStore } from "../../lib/store";
import { type Day, groupByDay } from "./group-by-day";
import { LoadMore } from "./load-more";
import styles from "./sidebar.module.css";
import { Unlisted } from "./unlisted";
import { useToday } from "./use-today";

interface ConversationListProps {
  openId: string | null;
  /** Those whose deletion is on its way. */
  gone: ReadonlySet<string>;
  row: (project: Project) => ReactNode;
}

export function ConversationList({ openId, gone, row }: ConversationListProps) {
  const { t } = useLingui();
  const told = useStore(listening);
  const today = useToday();
  // Without news, answers that are written elsewhere end without telling this page.
  const running = (list: { pages: { items: Project[] }[] } | undefined) =>
    list?.pages.some(({ items }) =>
      items.some((item) => item.live_message_id && item.id !== openId),
    );
  const pinned = useInfiniteQuery({
    ...pinnedQuery,
    refetchInterval: ({ state }) => (!told && running(state.data) ? 5000 : false),
  });
  const list = useInfiniteQuery({
    ...projectsQuery,
    refetchInterval: ({ state }) => (!told && running(state.data) ? 5000 : false),
  });
  // Both at once, so that the one does not push the other down.
  if (list.isPending || pinned.isPending) return <Spinner label={t`Loading conversations`} />;
  const error = list.error ?? pinned.error;
  if (error && !(list.data && pinned.data)) {
    return (
      <Unlisted
        error={error}
        onRetry={() => {
          void list.refetch();
          void pinned.refetch();
        }}
      />
    );
  }
  const shown = (pages: { items: Project[] }[] | undefined) =>
    (pages ?? []).flatMap(({ items }) => items).filter(({ id }) => !gone.has(id));
  const kept = shown(pinned.data?.pages);
  const others = shown(list.data?.pages);
  return (
    <>
      {kept.length === 0 && others.length === 0 && (
        <p className={styles.note}>
          <Trans>Your conversations will be listed here.</Trans>
        </p>
      )}
      {kept.length > 0 && (
        <Group id="pinned" name={<Trans>Pinned</Trans>}>
          {kept.map((project) => row(project))}
        </Group>
      )}
      {groupByDay(others, today).map(({ key, day, items }) => (
        <Group key={key} id={`day-${key}`} name={<DayName day={day} />}>
          {items.map((project) => row(project))}
        </Group>
      ))}
      {list.hasNextPage && (
        <LoadMore
          busy={list.isFetchingNextPage}
          failed={list.isFetchNextPageError}
          onReached={() => void list.fetchNextPage()}
        />
      )}
    </>
  );
}

function Group({ id, name, children }: { id: string; name: ReactNode; children: ReactNode }) {
  return (
    <section aria-labelledby={id}>
      <h2 id={id} className={styles.day}>
        {name}
      </h2>
      <ul>{children}</ul>
    </section>
  );
}

function DayName({ day }: { day: Day }) {
  const { i18n } = useLingui();
  switch (day.kind) {
    case "today":
      return <Trans>Today</Trans>;
    case "yesterday":
      return <Trans>Yesterday</Trans>;
    case "week":
      return <Trans>Previous 7 days</Trans>;
    case "month": {
      const thisYear = day.year === new Date().getFullYear();
      return i18n.date(
        new Date(day.year, day.month),
        thisYear ? { month: "long" } : { month: "long", year: "numeric" },
      );
    }
  }
}
