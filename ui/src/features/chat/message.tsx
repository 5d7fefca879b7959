/** An answer: plain text on the page, from its first word to what can be done with it afterwards. */
import { Trans } from "@lingui/react/macro";
import { memo, type ReactNode, type RefObject } from "react";
import type { Message } from "../../api/client";
import { Markdown } from "../../components/markdown/markdown";
import { createStore, useStore } from "../../lib/store";
import { AnswerActions } from "./answer-actions";
import type { Branching } from "./branching";
import type { Doomed } from "./delete-dialog";
import { useFloor } from "./floor";
import type { LiveAnswer } from "./follow";
import type { GoingOn } from "./going-on";
import { LineNotice } from "./line-notice";
import styles from "./message.module.css";
import { Outcome } from "./outcome";
import { Reasoning } from "./reasoning";
import type { Answer as Heard } from "./transcript";

interface AssistantMessageProps {
  message: Message;
  /** The stream of this message, while it is being followed. */
  live: LiveAnswer | null;
  /** How this message can go on, if it can. */
  goingOn?: GoingOn | null;
  branching: Branching;
  onDelete: (doomed: Doomed) => void;
}

/**
 * An answer, while it is being written and afterwards: the same elements, so that nothing blinks
 * at its end or when it goes on. Only this part of the page renders for each frame of text.
 */
export const AssistantMessage = memo(function AssistantMessage(props: AssistantMessageProps) {
  const { message, live, goingOn = null, branching, onDelete } = props;
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
      id={message.id}
      thoughtFor={message.timing?.reasoning_ms}
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
        !running && <AnswerActions message={message} branching={branching} onDelete={onDelete} />
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
  id?: string;
  /** How long the model thought, in ms. */
  thoughtFor?: number | null;
  content: string;
  reasoning: string;
  running: boolean;
  /** Nothing new has come yet: the caret breathes where it will. */
  waiting: boolean;
  outcome?: ReactNode;
  actions?: ReactNode;
}

function Answer(props: AnswerProps) {
  const { element, id, content, reasoning, thoughtFor, running, waiting, outcome, actions } = props;
  return (
    <article
      ref={element}
      className={styles.answer}
      data-message={id}
      aria-busy={running || undefined}
    >
      <h2 className="visually-hidden">
        <Trans>Answer</Trans>
      </h2>
      {reasoning && <Reasoning text={reasoning} thinking={running && !content} took={thoughtFor} />}
      <div className={styles.text} data-running={running || undefined}>
        {content && <Markdown text={content} />}
        {running && (waiting || !content) && <span className={styles.caret} aria-hidden="true" />}
      </div>
      {outcome}
      {actions}
    </article>
  );
}
