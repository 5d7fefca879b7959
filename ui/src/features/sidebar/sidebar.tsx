/** All conversations: find, open, pin, rename, delete, and begin a new one. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { type KeyboardEvent, type ReactNode, useCallback, useRef, useState } from "react";
import { useMatch, useNavigate } from "react-router";
import type { Project } from "../../api/client";
import type { Hit } from "../../api/projects";
import { describeError } from "../../api/words";
import { ComposeIcon } from "../../components/icons";
import { Mark } from "../../components/mark";
import { showToast } from "../../components/toast";
import { useStore } from "../../lib/store";
import { ConversationList } from "./conversation-list";
import { ConversationRow } from "./conversation-row";
import { deleteLater, deleteNow, leaving, undoDelete, undoTime } from "./deletions";
import { SearchBox } from "./search-box";
import { SearchResults } from "./search-results";
import styles from "./sidebar.module.css";

interface SidebarProps {
  /** The button that puts the sidebar away. */
  closer: ReactNode;
  /** The account, at the foot. */
  foot: ReactNode;
  /** It is a drawer, whose entry in the history is replaced by where one goes from it. */
  drawer: boolean;
  /** Counts the wishes to search. */
  searches: number;
  onNew: () => void;
}

export function Sidebar({ closer, foot, drawer, searches, onNew }: SidebarProps) {
  const { t } = useLingui();
  const openId = useMatch("/c/:projectId")?.params.projectId ?? null;
  const [wanted, setWanted] = useState("");
  const list = useRef<HTMLDivElement>(null);
  const gone = useStore(leaving);
  const remove = useDeletion(openId, drawer);
  const words = wanted.trim();

  const row = (project: Project | Hit, found?: string) => (
    <ConversationRow
      key={project.id}
      project={project}
      current={project.id === openId}
      replace={drawer}
      onDelete={remove}
      {...(found ? { words: found } : {})}
    />
  );
  const everything = <ConversationList openId={openId} gone={gone} row={row} />;

  /** Up and down lead from one conversation to the next. */
  function move(event: KeyboardEvent) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const links = linksIn(list.current);
    const at = links.indexOf(document.activeElement as HTMLAnchorElement);
    if (!by || at < 0 || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    links[at + by]?.focus();
  }

  return (
    <nav className={styles.sidebar} aria-label={t`Conversations`}>
      <div className={styles.top}>
        <span className={styles.brand}>
          <Mark size={26} /> Loquat
        </span>
        {closer}
      </div>
      <button type="button" className={styles.new} onClick={onNew}>
        <ComposeIcon />
        <Trans>New chat</Trans>
      </button>
      <SearchBox
        value={wanted}
        onChange={setWanted}
        wishes={searches}
        onDown={() => linksIn(list.current)[0]?.focus()}
      />
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the links in it have the keys. */}
      <div ref={list} className={styles.list} onKeyDown={move}>
        {words ? (
          <SearchResults words={words} gone={gone} row={row}>
            {everything}
          </SearchResults>
        ) : (
          everything
        )}
      </div>
      <div className={styles.foot}>{foot}</div>
    </nav>
  );
}

function linksIn(list: HTMLElement | null): HTMLAnchorElement[] {
  return [...(list?.querySelectorAll("a") ?? [])];
}

/** Deletes with time to change one's mind; always the same function, so that rows stay as they are. */
function useDeletion(openId: string | null, replace: boolean): (project: Project) => void {
  const { t } = useLingui();
  const queries = useQueryClient();
  const navigate = useNavigate();

  function remove(project: Project) {
    const fail = (error: unknown) => void showToast(describeError(error).title);
    deleteLater(project.id);
    const wasOpen = project.id === openId;
    if (wasOpen) navigate("/", { replace });
    showToast(
      t`“${project.name}” deleted`,
      {
        label: t`Undo`,
        undo: true,
        otherwise: () => void deleteNow(queries, project.id, fail),
        run: () => {
          undoDelete(project.id);
          if (wasOpen) navigate(`/c/${project.id}`);
        },
      },
      undoTime,
    );
  }

  const latest = useRef(remove);
  latest.current = remove;
  return useCallback((project) => latest.current(project), []);
}
