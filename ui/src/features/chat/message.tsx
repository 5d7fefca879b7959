/** One message. What was asked is a soft block; the answer is plain text on the page. */
import { Trans, useLingui } from "@lingui/react/macro";
import { memo, type ReactNode } from "react";
import type { Message } from "../../api/client";
import { describeFailure } from "../../api/words";
import { CopyButton } from "../../components/copy-button";
import { Markdown } from "../../components/markdown/markdown";
import { Notice } from "../../components/notice";
import { createStore, useStore } from "../../lib/store";
import { Facts } from "./facts";
import type { LiveAnswer } from "./follow";
import { LineNotice } from "./line-notice";
import styles from "./message.module.css";
import { Reasoning } from "./reasoning";
import type { Answer as Heard } from "./transcript";

export const UserMessage = memo(function UserMessage({ text }: { text: string }) {
  const { t } = useLingui();
  return (
    <article className={styles.mine}>
      <h2 className="visually-hidden">
        <Trans>You asked</Trans>
      </h2>
      <div className={styles.asked} dir="auto">
        {text}
      </div>
      <div className={styles.actions}>
        <CopyButton text={text} label={t`Copy message`} />
      </div>
    </article>
  );
});

interface AssistantMessageProps {
  message: Message;
  /** The stream of this message, while it is being followed. */
  live: LiveAnswer | null;
}

/**
 * An answer, while it is being written and afterwards: the same elements, so that nothing blinks
 * at its end. Only this part of the page renders for each frame of text.
 */
export const AssistantMessage = memo(function AssistantMessage(props: AssistantMessageProps) {
  const { message, live } = props;
  const { t } = useLingui();
  const heard = useStore<Heard | null>(live?.answer ?? silent);
  const running = message.status === "running";
  const content = heard?.shown.content ?? message.content;
  return (
    <Answer
      content={content}
      reasoning={heard?.shown.reasoning ?? message.reasoning ?? ""}
      running={running}
      outcome={
        running ? (
          live && <Waiting live={live} queue={heard?.queue} />
        ) : (
          <Outcome message={message} />
        )
      }
      actions={
        !running &&
        content && (
          <div className={styles.actions}>
            <CopyButton text={content} label={t`Copy answer`} />
            <Facts message={message} />
          </div>
        )
      }
    />
  );
});

const silent = createStore<Heard | null>(null);

function Waiting({ live, queue }: { live: LiveAnswer; queue: number | null | undefined }) {
  return (
    <>
      {queue != null && queue > 0 && (
        <p className={styles.quiet} role="status">
          <Trans>Waiting for a free place: number {queue} in the queue.</Trans>
        </p>
      )}
      <LineNotice live={live} />
    </>
  );
}

/** Before the server has said that it heard the question. */
export function ExpectedAnswer() {
  return <Answer content="" reasoning="" running />;
}

interface AnswerProps {
  content: string;
  reasoning: string;
  running?: boolean;
  outcome?: ReactNode;
  actions?: ReactNode;
}

function Answer({ content, reasoning, running = false, outcome, actions }: AnswerProps) {
  return (
    <article className={styles.answer} aria-busy={running || undefined}>
      <h2 className="visually-hidden">
        <Trans>Answer</Trans>
      </h2>
      {reasoning && <Reasoning text={reasoning} thinking={running && !content} />}
      <div className={styles.text} data-running={running || undefined}>
        {content && <Markdown text={content} />}
        {running && !content && <span className={styles.caret} aria-hidden="true" />}
      </div>
      {outcome}
      {actions}
    </article>
  );
}

function Outcome({ message }: { message: Message }) {
  switch (message.status) {
    case "interrupted":
      return (
        <p className={styles.ending}>
          <Trans>Interrupted. The server stopped while this was being written.</Trans>
        </p>
      );
    case "stopped":
      return (
        <p className={styles.ending}>
          <Trans>Stopped</Trans>
        </p>
      );
    case "failed": {
      const failure = message.failure ?? { code: "", detail: "" };
      const { title, advice } = describeFailure(failure);
      return <Notice title={title}>{advice}</Notice>;
    }
    case "complete":
      if (message.finish_reason === "length") {
        return (
          <p className={styles.ending}>
            <Trans>The model reached the longest answer it may give.</Trans>
          </p>
        );
      }
      return message.content ? null : (
        <p className={styles.ending}>
          <Trans>The model answered with nothing.</Trans>
        </p>
      );
    default:
      return null;
  }
}
