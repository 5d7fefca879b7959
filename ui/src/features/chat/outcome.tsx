/** How an answer ended, where that is worth telling, and the way to let it go on. */
import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";
import { describeEnding, describeFailure } from "../../api/answer-words";
import type { Message } from "../../api/client";
import { Button } from "../../components/button";
import { Notice } from "../../components/notice";
import { showToast } from "../../components/toast";
import type { GoingOn } from "./going-on";
import styles from "./outcome.module.css";

interface OutcomeProps {
  message: Message;
  /** Only for the last answer, and only if it can go on. */
  goingOn: GoingOn | null;
}

export function Outcome({ message, goingOn }: OutcomeProps) {
  const action = goingOn && (
    <GoOn goingOn={goingOn} again={message.status === "failed" && !message.content} />
  );
  if (message.status === "failed") {
    const { title, advice } = describeFailure(message.failure ?? { code: "", detail: "" });
    return (
      <Notice title={title} actions={action}>
        {advice}
      </Notice>
    );
  }
  const words = wordsFor(message);
  if (!words) return null;
  return (
    <div className={styles.ending}>
      <p>{words}</p>
      {action}
    </div>
  );
}

function wordsFor({ status, content, finish_reason }: Message): ReactNode {
  if (status === "interrupted") {
    return <Trans>Interrupted. The server stopped while this was being written.</Trans>;
  }
  if (status === "stopped") return <Trans>Stopped</Trans>;
  if (status !== "complete") return null;
  const ending = describeEnding(finish_reason);
  if (ending) {
    return (
      <>
        {ending.title} {ending.advice}
      </>
    );
  }
  return content ? null : <Trans>The model answered with nothing.</Trans>;
}

function GoOn({ goingOn, again }: { goingOn: GoingOn; again: boolean }) {
  const { hindrance, busy, go } = goingOn;
  return (
    // Not disabled: that would take the focus away from whoever pressed it.
    <Button
      className={styles.goOn}
      busy={busy}
      aria-disabled={busy || hindrance !== null || undefined}
      title={hindrance ?? undefined}
      onClick={() => (hindrance ? showToast(hindrance) : go())}
    >
      {again ? <Trans>Try again</Trans> : <Trans>Continue</Trans>}
    </Button>
  );
}
