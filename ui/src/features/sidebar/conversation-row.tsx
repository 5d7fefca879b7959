/** One conversation in the list: a link, and a menu to pin it, rename it in place or delete it. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { memo, useLayoutEffect, useRef, useState } from "react";
import { Link } from "react-router";
import { changeProject, type Hit, patchProject, showProject } from "../../api/projects";
import { describeError } from "../../api/words";
import { MoreIcon, PencilIcon, PinIcon, TrashIcon, UnpinIcon } from "../../components/icons";
import { Menu, MenuItem } from "../../components/menu";
import { showToast } from "../../components/toast";
import { classNames } from "../../lib/class-names";
import { useKeepFocus } from "./keep-focus";
import { Marked, readable } from "./marked";
import { NameField } from "./name-field";
import styles from "./sidebar.module.css";

interface RowProps {
  project: Hit;
  current: boolean;
  /** In a drawer, which is an entry of the history itself, a way on takes its place. */
  replace: boolean;
  /** What was searched for. */
  words?: string;
  onDelete: (project: Hit) => void;
}

export const ConversationRow = memo(function ConversationRow(props: RowProps) {
  const { project, current, replace, words = "", onDelete } = props;
  const { t } = useLingui();
  const queries = useQueryClient();
  const [renaming, setRenaming] = useState(false);
  const row = useRef<HTMLLIElement>(null);
  const byKey = useRef(false);
  const { id, name, pinned = false, match } = project;

  useKeepFocus(row, id);
  useLayoutEffect(() => {
    // The field that had the focus is gone; who left it for something else has the focus there.
    if (!renaming && byKey.current) row.current?.querySelector("a")?.focus();
    byKey.current = false;
  }, [renaming]);

  /** Shows the change at once, and takes it back if the server refuses it. */
  async function change(now: { name: string } | { pinned: boolean }) {
    patchProject(queries, id, now);
    try {
      showProject(queries, await changeProject(id, now));
    } catch (error) {
      patchProject(queries, id, "name" in now ? { name } : { pinned });
      showToast(describeError(error).title);
    }
  }

  function rename(given: string | null, ended: "by key" | "by leaving") {
    byKey.current = ended === "by key";
    setRenaming(false);
    const next = given?.trim();
    if (next && next !== name) void change({ name: next });
  }

  function remove() {
    const near = row.current?.nextElementSibling ?? row.current?.previousElementSibling;
    near?.querySelector("a")?.focus();
    onDelete(project);
  }

  if (renaming) {
    return (
      <li ref={row} className={classNames(styles.row, styles.renaming)}>
        <NameField name={name} onEnd={rename} />
      </li>
    );
  }
  return (
    <li
      ref={row}
      className={classNames(styles.row, match && styles.hit, current && styles.current)}
    >
      <Link
        to={{ pathname: `/c/${id}`, hash: match?.message_id ? `message-${match.message_id}` : "" }}
        replace={replace}
        className={styles.link}
        aria-current={current ? "page" : undefined}
        title={name}
        onDoubleClick={() => setRenaming(true)}
      >
        <span className={styles.title} dir="auto">
          <Marked text={name} words={words} />
        </span>
        {match?.message_id && (
          <span className={styles.excerpt} dir="auto">
            <Marked text={readable(match.excerpt, words)} words={words} />
          </span>
        )}
      </Link>
      {project.live_message_id && (
        <span className={styles.live} role="img" aria-label={t`An answer is being written`} />
      )}
      <Menu
        label={t`Options for ${name}`}
        align="end"
        buttonClass={styles.more ?? ""}
        button={<MoreIcon />}
      >
        <MenuItem onChoose={() => void change({ pinned: !pinned })}>
          {pinned ? <UnpinIcon /> : <PinIcon />}
          {pinned ? <Trans>Unpin</Trans> : <Trans>Pin</Trans>}
        </MenuItem>
        <MenuItem onChoose={() => setRenaming(true)}>
          <PencilIcon />
          <Trans>Rename</Trans>
        </MenuItem>
        <MenuItem danger onChoose={remove}>
          <TrashIcon />
          <Trans>Delete</Trans>
        </MenuItem>
      </Menu>
    </li>
  );
});
