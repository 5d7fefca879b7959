/** All conversations: find, open, rename, delete, and begin a new one. */
import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useRef, useState } from "react";
import { useMatch, useNavigate } from "react-router";
import type { Project } from "../../api/client";
import { listening } from "../../api/live";
import { projectsQuery } from "../../api/projects";
import { describeError } from "../../api/words";
import { Button, IconButton } from "../../components/button";
import { CloseIcon, ComposeIcon, SearchIcon } from "../../components/icons";
import { Mark } from "../../components/mark";
import { Spinner } from "../../components/spinner";
import { showToast } from "../../components/toast";
import { useShortcut } from "../../lib/shortcuts";
import { useStore } from "../../lib/store";
import { ConversationRow } from "./conversation-row";
import { deleteLater, leaving, undoDelete, undoTime } from "./deletions";
import { type Day, groupByDay } from "./group-by-day";
import { LoadMore } from "./load-more";
import styles from "./sidebar.module.css";

interface SidebarProps {
  /** The button that puts the sidebar away. */
  closer: ReactNode;
  /** The account, at the foot. */
  foot: ReactNode;
  /** Called when somebody went somewhere, so that a drawer can close. */
  onLeave: () => void;
}

export function Sidebar({ closer, foot, onLeave }: SidebarProps) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const openId = useMatch("/c/:projectId")?.params.projectId ?? null;
  const [wanted, setWanted] = useState("");
  const search = useRef<HTMLInputElement>(null);
  const gone = useStore(leaving);
  const told = useStore(listening);
  const list = useInfiniteQuery({
    ...projectsQuery,
    // Without news, answers that are written elsewhere end without telling this page.
    refetchInterval: ({ state }) =>
      !told &&
      state.data?.pages.some((page) =>
        page.items.some((item) => item.live_message_id && item.id !== openId),
      )
        ? 5000
        : false,
  });

  const all = (list.data?.pages.flatMap((page) => page.items) ?? []).filter(
    ({ id }) => !gone.has(id),
  );
  const needle = wanted.trim().toLocaleLowerCase();
  const found = needle ? all.filter(({ name }) => name.toLocaleLowerCase().includes(needle)) : all;

  useShortcut("search", () => search.current?.select());
  useShortcut("previous", () => step(-1));
  useShortcut("next", () => step(1));

  function step(by: number) {
    const at = found.findIndex(({ id }) => id === openId);
    const next = found[at < 0 ? 0 : at + by];
    if (next) navigate(`/c/${next.id}`);
  }

  function startNew() {
    navigate("/");
    onLeave();
  }

  function remove(project: Project) {
    deleteLater(queries, project.id, (error) => showToast(describeError(error).title));
    const wasOpen = project.id === openId;
    if (wasOpen) navigate("/");
    showToast(
      t`“${project.name}” deleted`,
      {
        label: t`Undo`,
        run: () => {
          undoDelete(project.id);
          if (wasOpen) navigate(`/c/${project.id}`);
        },
      },
      undoTime,
    );
  }

  return (
    <nav className={styles.sidebar} aria-label={t`Conversations`}>
      <div className={styles.top}>
        <span className={styles.brand}>
          <Mark size={26} /> Loquat
        </span>
        {closer}
      </div>
      <button type="button" className={styles.new} onClick={startNew}>
        <ComposeIcon />
        <Trans>New chat</Trans>
      </button>
      <div className={styles.search}>
        <SearchIcon size={18} />
        <input
          ref={search}
          type="search"
          value={wanted}
          placeholder={t`Search`}
          aria-label={t`Search conversations`}
          onChange={(event) => setWanted(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") setWanted("");
          }}
        />
        {wanted && (
          <IconButton label={t`Clear search`} onClick={() => setWanted("")}>
            <CloseIcon size={16} />
          </IconButton>
        )}
      </div>
      <div className={styles.list}>
        {list.isPending && <Spinner label={t`Loading conversations`} />}
        {list.isError && (
          <div className={styles.note}>
            <p>{describeError(list.error).title}</p>
            <Button look="link" onClick={() => void list.refetch()}>
              <Trans>Try again</Trans>
            </Button>
          </div>
        )}
        {list.isSuccess && all.length === 0 && (
          <p className={styles.note}>
            <Trans>Your conversations will be listed here.</Trans>
          </p>
        )}
        {needle && all.length > 0 && (
          <p className={styles.note} role="status">
            <Plural
              value={found.length}
              _0="No title contains this."
              one="# conversation"
              other="# conversations"
            />
          </p>
        )}
        {groupByDay(found, new Date()).map(({ key, day, items }) => (
          <section key={key} aria-labelledby={`day-${key}`}>
            <h2 id={`day-${key}`} className={styles.day}>
              <DayName day={day} />
            </h2>
            <ul>
              {items.map((project) => (
                <ConversationRow
                  key={project.id}
                  project={project}
                  current={project.id === openId}
                  onOpen={onLeave}
                  onDelete={() => remove(project)}
                />
              ))}
            </ul>
          </section>
        ))}
        {list.hasNextPage && (
          <LoadMore busy={list.isFetchingNextPage} onReached={() => void list.fetchNextPage()} />
        )}
      </div>
      <div className={styles.foot}>{foot}</div>
    </nav>
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
