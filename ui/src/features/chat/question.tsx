/** What was asked: a soft block, which can be asked again in other words. */
import { Trans, useLingui } from "@lingui/react/macro";
import { memo, type ReactNode, useContext, useLayoutEffect, useRef, useState } from "react";
import type { Attachment, Message } from "../../api/client";
import { CopyButton } from "../../components/copy-button";
import { copyOrTell } from "../../components/copy-or-tell";
import { CopyIcon, MoreIcon, PencilIcon, TrashIcon } from "../../components/icons";
import { Menu, MenuItem } from "../../components/menu";
import { showToast } from "../../components/toast";
import { BranchSwitch } from "./branch-switch";
import type { Branching } from "./branching";
import type { Doomed } from "./delete-dialog";
import { isDraft, readDraft, type Written } from "./draft";
import { EditBox } from "./edit-box";
import { HoldContext } from "./hold-context";
import styles from "./message.module.css";
import { MessageAction } from "./message-action";
import { Pictures } from "./pictures";

interface QuestionProps {
  message: Message;
  branching: Branching;
  onDelete: (doomed: Doomed) => void;
}

export const Question = memo(function Question({ message, branching, onDelete }: QuestionProps) {
  const { t } = useLingui();
  const { id, content, attachments } = message;
  const row = useRef<HTMLElement>(null);
  const hold = useContext(HoldContext);
  // A change that was not sent, because of a reload say, is shown again.
  const begun = isDraft(readDraft(branching.editKey(id)));
  const [chosen, setChosen] = useState<{ id: string; editing: boolean } | null>(null);
  const editing = chosen?.id === id ? chosen.editing : begun;

  const closed = useRef(false);
  const pencil = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    if (editing || !closed.current) return;
    closed.current = false;
    // The box that had the focus is gone. On touch the menu alone is there, and takes it.
    for (const button of [pencil.current?.lastChild, pencil.current?.nextSibling]) {
      (button as HTMLElement | null | undefined)?.focus({ preventScroll: true });
      if (button && document.activeElement === button) return;
    }
  }, [editing]);

  function edit(editing: boolean) {
    if (row.current) hold(row.current, "stay")();
    closed.current = !editing;
    setChosen({ id, editing });
  }

  async function copy() {
    if (await copyOrTell(content)) showToast(t`Message copied`, undefined, 2500);
  }

  if (editing) {
    return (
      <Asked ref={row} id={id}>
        <EditBox
          message={message}
          branching={branching}
          focused={chosen !== null}
          onClose={() => edit(false)}
        />
      </Asked>
    );
  }
  return (
    <Asked ref={row} id={id} text={content} images={attachments}>
      <div className={styles.actions}>
        <BranchSwitch message={message} branching={branching} />
        <span ref={pencil} className={styles.shortcut}>
          {content && <CopyButton text={content} label={t`Copy message`} />}
          <MessageAction label={t`Edit`} onPress={() => edit(true)}>
            <PencilIcon size={18} />
          </MessageAction>
        </span>
        <Menu
          label={t`More for this message`}
          align="end"
          buttonClass={styles.more}
          button={<MoreIcon size={18} />}
        >
          {content && (
            <MenuItem onChoose={() => void copy()}>
              <CopyIcon size={18} />
              <Trans>Copy</Trans>
            </MenuItem>
          )}
          <MenuItem onChoose={() => edit(true)}>
            <PencilIcon size={18} />
            <Trans>Edit</Trans>
          </MenuItem>
          <MenuItem danger onChoose={() => row.current && onDelete({ message, row: row.current })}>
            <TrashIcon size={18} />
            <Trans>Delete…</Trans>
          </MenuItem>
        </Menu>
      </div>
    </Asked>
  );
});

/** On its way to the server. */
export function PendingQuestion({ written }: { written: Written }) {
  return <Asked {...written} />;
}

interface AskedProps {
  ref?: React.Ref<HTMLElement>;
  id?: string;
  text?: string;
  images?: Attachment[];
  children?: ReactNode;
}

function Asked({ ref, id, text, images = [], children }: AskedProps) {
  return (
    <article ref={ref} className={styles.mine} data-message={id}>
      <h2 className="visually-hidden">
        <Trans>You asked</Trans>
      </h2>
      {images.length > 0 && <Pictures images={images} />}
      {text && (
        <div className={styles.asked} dir="auto">
          {text}
        </div>
      )}
      {children}
    </article>
  );
}
