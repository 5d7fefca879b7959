/** One message. What was asked is a soft block; the answer is plain text on the page. */
import { Trans, useLingui } from "@lingui/react/macro";
import { memo, type ReactNode, type RefObject } from "react";
import type { Message } from "../../api/client";
import { CopyButton } from "../../components/copy-button";
import { Markdown } from "../../components/markdown/markdown";
import { createStore, useStore } from "../../lib/store";
import { Facts } from "./facts";
import { useFloor } from "./floor";
import type { LiveAnswer } from "./follow";
import type { GoingOn } from "./going-on";
import { LineNotice } from "./line-notice";
import styles from "./message.module.css";
import { Outcome } from "./outcome";
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
  /** How this message can go on, if it can. */
  goingOn?: GoingOn | null;
}

/**
 * An answer, while it is being written and afterwards: the same elements, so that nothing blinks
 * at its end or when it goes on. Only this part of the page renders for each frame of text.
 */
export const AssistantMessage = memo(function AssistantMessage(props: AssistantMessageProps) {
  const { message, live, goingOn = null } = props;
  const { t } = useLingui();
  const heard = useStore<Heard | null>(live?.answer ?? silent);
  const running = message.status === "running";
  const content = heard?.shown.content ?? message.content;
  const floor = useFloor(running);
  const go = () => {
    floor.measure();
    goingOn?.go();
  };
  return (
    <Answer
      element={floor.element}
      content={content}
      reasoning={heard?.shown.reasoning ?? message.reasoning ?? ""}
      running={running}
      waiting={running && (heard === null || heard.shown.position === heard.begun)}
      outcome={
        running ? (
          live && <Waiting live={live} queue={heard?.queue} />
        ) : (
          <Outcome message={message} goingOn={goingOn && { ...goingOn, go }} />
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
  return <Answer content="" reasoning="" running waiting />;
}

interface AnswerProps {
  element?: RefObject<HTMLElement | null>;
  content: string;
  reasoning: string;
  running: boolean;
  /** Nothing new has come yet: the caret breathes where it will. */
  waiting: boolean;
  outcome?: ReactNode;
  actions?: ReactNode;
}

function Answer(props: AnswerProps) {
  const { element, content, reasoning, running, waiting, outcome, actions } = props;
  return (
    <article ref={element} className={styles.answer} aria-busy={running || undefined}>
      <h2 className="visually-hidden">
        <Trans>Answer</Trans>
      </h2>
      {reasoning && <Reasoning text={reasoning} thinking={running && !content} />}
      <div className={styles.text} data-running={running || undefined}>
        {content && <Markdown text={content} />}
        {running && (waiting || !content) && <span className={styles.caret} aria-hidden="true" />}
      </div>
      {outcome}
      {actions}
    </article>
  );
}
