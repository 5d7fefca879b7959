/** Asks before a message is deleted with all that follows from it. */
import { Plural, Trans, useLingui } from "@lingui/react/macro";
import type { Message } from "../../api/client";
import { Button } from "../../components/button";
import { Dialog } from "../../components/dialog";
import styles from "./delete-dialog.module.css";

/** A message whose deletion is being asked about, and what shows it. */
export interface Doomed {
  message: Message;
  row: HTMLElement;
}

interface DeleteDialogProps {
  message: Message | null;
  /** How many messages stand below it on this page. */
  following: number;
  onConfirm: () => void;
  onClose: () => void;
}

export function DeleteDialog({ message, following, onConfirm, onClose }: DeleteDialogProps) {
  const { t } = useLingui();
  const versions = message?.siblings.length ?? 1;
  const question = message?.role === "user";
  return (
    <Dialog
      open={message !== null}
      onClose={onClose}
      title={question ? t`Delete this question?` : t`Delete this answer?`}
    >
      <p>
        {following > 0 ? (
          <Plural
            value={following}
            one="The message below it goes with it, with all its versions."
            other="The # messages below it go with it, with all their versions."
          />
        ) : (
          versions > 1 && <Trans>Its other versions stay.</Trans>
        )}{" "}
        <Trans>This cannot be undone.</Trans>
      </p>
      <div className={styles.buttons}>
        <Button onClick={onClose}>
          <Trans>Cancel</Trans>
        </Button>
        <Button look="primary" className={styles.delete} onClick={onConfirm}>
          <Trans>Delete</Trans>
        </Button>
      </div>
    </Dialog>
  );
}
