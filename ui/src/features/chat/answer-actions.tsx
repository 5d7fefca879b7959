/** What can be done with a finished answer. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useRef } from "react";
import type { Message } from "../../api/client";
import { CopyButton } from "../../components/copy-button";
import { MoreIcon, RetryIcon, TrashIcon } from "../../components/icons";
import { Menu, MenuItem } from "../../components/menu";
import { BranchSwitch } from "./branch-switch";
import type { Branching } from "./branching";
import type { Doomed } from "./delete-dialog";
import { Details } from "./details";
import styles from "./message.module.css";
import { MessageAction, messageRow } from "./message-action";

interface AnswerActionsProps {
  message: Message;
  branching: Branching;
  onDelete: (doomed: Doomed) => void;
}

export function AnswerActions({ message, branching, onDelete }: AnswerActionsProps) {
  const { t } = useLingui();
  const place = useRef<HTMLDivElement>(null);
  const { content, model } = message;
  const next = branching.model;
  function remove() {
    const row = place.current && messageRow(place.current);
    if (row) onDelete({ message, row });
  }
  return (
    <div ref={place} className={styles.actions}>
      <BranchSwitch message={message} branching={branching} />
      {content && <CopyButton text={content} label={t`Copy answer`} />}
      <MessageAction
        label={next && next !== model ? t`Regenerate with ${next}` : t`Regenerate`}
        hindrance={branching.hindrance}
        busy={branching.busy === message.id}
        onPress={(row) => branching.regenerate(message, row)}
      >
        <RetryIcon size={18} />
      </MessageAction>
      <Details message={message} />
      <Menu
        label={t`More for this message`}
        buttonClass={styles.more}
        button={<MoreIcon size={18} />}
      >
        <MenuItem danger onChoose={remove}>
          <TrashIcon size={18} />
          <Trans>Delete…</Trans>
        </MenuItem>
      </Menu>
      {model && <span className={styles.model}>{model}</span>}
    </div>
  );
}
