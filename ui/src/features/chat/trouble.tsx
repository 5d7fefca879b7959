/** What the chat says when something cannot be sent, loaded or found. */
import { Trans, useLingui } from "@lingui/react/macro";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { codeOf, statusOf } from "../../api/problem";
import { requestIdOf } from "../../api/words";
import { Button } from "../../components/button";
import { Notice } from "../../components/notice";
import { Spinner } from "../../components/spinner";
import styles from "./chat.module.css";
import { describeRefusal } from "./words";

/** Why a message was not taken; it is back in the box. */
export function SendError({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useLingui();
  const { title, advice } = describeRefusal(error);
  const waits = codeOf(error) === "answer_running";
  // To be asked to wait is no trouble.
  const calm = waits || statusOf(error) === 429;
  return (
    <div className={styles.notice}>
      <Notice
        title={title}
        tone={calm ? "calm" : "trouble"}
        requestId={requestIdOf(error)}
        copyLabel={t`Copy request number`}
        actions={
          waits ? null : (
            <Button onClick={onRetry}>
              <Trans>Try again</Trans>
            </Button>
          )
        }
      >
        {advice}
      </Notice>
    </div>
  );
}

/** The messages are on their way, or could not be had. */
export function Unloaded({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useLingui();
  if (!error) {
    return (
      <div className={styles.blank}>
        <Spinner label={t`Loading the conversation`} />
      </div>
    );
  }
  const { title, advice } = describeRefusal(error);
  return (
    <div className={styles.blank}>
      <Notice
        title={title}
        requestId={requestIdOf(error)}
        copyLabel={t`Copy request number`}
        actions={
          <Button onClick={onRetry}>
            <Trans>Try again</Trans>
          </Button>
        }
      >
        {advice}
      </Notice>
    </div>
  );
}

export function Gone({ leading, error }: { leading: ReactNode; error: unknown }) {
  const { title, advice } = describeRefusal(error);
  return (
    <div className={styles.page}>
      <header className={styles.header}>{leading}</header>
      <div className={styles.gone}>
        <h1>{title}</h1>
        <p>{advice}</p>
        {/* In place of the message box, to which the page offers to skip. */}
        <Link to="/" id="composer">
          <Trans>Begin a new chat</Trans>
        </Link>
      </div>
    </div>
  );
}
