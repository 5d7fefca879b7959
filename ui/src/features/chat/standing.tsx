/** What stands in the way of the next message for as long as it lasts, above the message box. */
import { Trans } from "@lingui/react/macro";
import { type ReactNode, useEffect, useState } from "react";
import { Link } from "react-router";
import { Button } from "../../components/button";
import { OfflineIcon } from "../../components/icons";
import { Notice } from "../../components/notice";
import styles from "./chat.module.css";

export function Offline() {
  return (
    <div className={styles.notice}>
      <Notice tone="calm" icon={<OfflineIcon size={18} />} title={<Trans>You are offline.</Trans>}>
        <Trans>Go on writing: it is kept here, and what you send goes out once you are back.</Trans>
      </Notice>
    </div>
  );
}

/** A question that waits for the network. */
export function NotSentYet({ onTakeBack }: { onTakeBack: () => void }) {
  return (
    <p className={styles.unsent} role="status">
      <Trans>Not sent yet: it goes out by itself once you are online.</Trans>{" "}
      <Button look="link" onClick={onTakeBack}>
        <Trans>Take it back</Trans>
      </Button>
    </p>
  );
}

export function NoModels({ admin }: { admin: boolean }) {
  return (
    <div className={styles.notice}>
      <Notice tone="calm" title={<Trans>There is no model to ask yet.</Trans>}>
        {admin ? (
          <Trans>
            <Link to="/settings#model-servers">Add a model server in the settings</Link>, or see
            there why those that are set up offer nothing.
          </Trans>
        ) : (
          <Trans>Whoever runs this server has to set one up. What you write is kept.</Trans>
        )}
      </Notice>
    </div>
  );
}

/** An answer is being written on a branch that is not shown. */
export function Elsewhere({ onShow }: { onShow: () => void }) {
  return (
    <Lasting>
      <div className={styles.notice}>
        <Notice
          tone="calm"
          title={<Trans>An answer is being written in another version.</Trans>}
          actions={
            <Button onClick={onShow}>
              <Trans>Show it</Trans>
            </Button>
          }
        >
          <Trans>The next message can be sent when it is finished.</Trans>
        </Notice>
      </div>
    </Lasting>
  );
}

/** What is over in a moment is not worth a notice. */
function Lasting({ children }: { children: ReactNode }) {
  const [lasts, setLasts] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLasts(true), 1000);
    return () => clearTimeout(timer);
  }, []);
  return lasts && children;
}
