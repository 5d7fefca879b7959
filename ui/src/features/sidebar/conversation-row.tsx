/** One conversation in the list: a link, and a menu to rename it in place or delete it. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import type { Project } from "../../api/client";
import { patchProject, renameProject, showProject } from "../../api/projects";
import { describeError } from "../../api/words";
import { MoreIcon, PencilIcon, TrashIcon } from "../../components/icons";
import { Menu, MenuItem } from "../../components/menu";
import { showToast } from "../../components/toast";
import { classNames } from "../../lib/class-names";
import styles from "./sidebar.module.css";

interface RowProps {
  project: Project;
  current: boolean;
  onOpen: () => void;
  onDelete: () => void;
}

export function ConversationRow({ project, current, onOpen, onDelete }: RowProps) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const [renaming, setRenaming] = useState(false);

  async function rename(given: string) {
    setRenaming(false);
    const name = given.trim();
    if (!name || name === project.name) return;
    patchProject(queries, project.id, { name });
    try {
      showProject(queries, await renameProject(project.id, name));
    } catch (error) {
      patchProject(queries, project.id, { name: project.name });
      showToast(describeError(error).title);
    }
  }

  if (renaming) {
    return (
      <li className={classNames(styles.row, styles.renaming)}>
        <NameField
          name={project.name}
          onSave={(name) => void rename(name)}
          onCancel={() => setRenaming(false)}
        />
      </li>
    );
  }
  return (
    <li className={classNames(styles.row, current && styles.current)}>
      <Link
        to={`/c/${project.id}`}
        className={styles.link}
        aria-current={current ? "page" : undefined}
        title={project.name}
        dir="auto"
        onClick={onOpen}
        onDoubleClick={() => setRenaming(true)}
      >
        {project.name}
      </Link>
      {project.live_message_id && (
        <span className={styles.live} role="img" aria-label={t`An answer is being written`} />
      )}
      <Menu
        label={t`Options for ${project.name}`}
        align="end"
        buttonClass={styles.more ?? ""}
        button={<MoreIcon />}
      >
        <MenuItem onChoose={() => setRenaming(true)}>
          <PencilIcon />
          <Trans>Rename</Trans>
        </MenuItem>
        <MenuItem danger onChoose={onDelete}>
          <TrashIcon />
          <Trans>Delete</Trans>
        </MenuItem>
      </Menu>
    </li>
  );
}

interface NameFieldProps {
  name: string;
  onSave: (name: string) => void;
  onCancel: () => void;
}

function NameField({ name, onSave, onCancel }: NameFieldProps) {
  const { t } = useLingui();
  const field = useRef<HTMLInputElement>(null);
  const over = useRef(false);

  useEffect(() => field.current?.select(), []);

  /** Leaving the field saves too, but only once. */
  function finish(keep: boolean) {
    if (over.current) return;
    over.current = true;
    if (keep) onSave(field.current?.value ?? name);
    else onCancel();
  }

  function press(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter") finish(true);
    if (event.key !== "Escape") return;
    // Or the drawer around it would close as well.
    event.preventDefault();
    event.stopPropagation();
    finish(false);
  }

  return (
    <input
      ref={field}
      className={styles.name}
      defaultValue={name}
      maxLength={200}
      aria-label={t`New name`}
      dir="auto"
      onKeyDown={press}
      onBlur={() => finish(true)}
    />
  );
}
