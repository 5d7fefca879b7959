/** The messages of a conversation. Only a long one is virtual: the rest is in the page as it is. */
import { Trans, useLingui } from "@lingui/react/macro";
import { type ReactNode, useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import type { Message } from "../../api/client";
import { IconButton } from "../../components/button";
import { ArrowDownIcon } from "../../components/icons";
import { createStore } from "../../lib/store";
import type { Branching } from "./branching";
import type { Doomed } from "./delete-dialog";
import type { Written } from "./draft";
import { Findable, type ShownRows, useShown } from "./findable";
import type { LiveAnswer } from "./follow";
import type { GoingOn } from "./going-on";
import { HoldContext } from "./hold-context";
import { AssistantMessage, ExpectedAnswer } from "./message";
import { OlderMessages } from "./older-messages";
import { belowHeader, type Place, rowOf } from "./place";
import { PendingQuestion, Question } from "./question";
import type { StickToBottom } from "./stick-to-bottom";
import styles from "./thread.module.css";

const virtualFrom = 80;

interface ThreadProps {
  messages: Message[];
  live: LiveAnswer | null;
  goingOn: GoingOn | null;
  branching: Branching;
  onDelete: (doomed: Doomed) => void;
  /** A question on its way, with its expected answer or with why it is not sent yet. */
  pending: Written | null;
  expected: ReactNode;
  older: { has: boolean; busy: boolean; failed: boolean; load: () => void };
  /** Messages that are not loaded, as far as their words are known. */
  findable: Message[];
  /** One of those was found. */
  onFound: (messageId: string) => void;
  stick: StickToBottom;
  /** Where it was left. */
  left: Place | null;
}

export function Thread(props: ThreadProps) {
  const { messages, live, goingOn, branching, onDelete, pending, expected, older, stick, left } =
    props;
  const { findable, onFound } = props;
  const { t } = useLingui();
  const { scroller, content, atBottom, toBottom, hold, settle } = stick;
  // Becoming virtual makes all elements anew, which only at the end of the page moves nothing.
  const virtual = useOnce(messages.length > virtualFrom, atBottom);
  const list = useRef<VirtualizerHandle>(null);
  const prepended = useKeepPlace(messages, scroller, virtual);

  const [shown] = useState(() => createStore<ReadonlySet<string>>(new Set()));
  const unseen = useMemo(
    () => (virtual ? [...findable, ...messages] : findable),
    [virtual, findable, messages],
  );
  const bring = useCallback(
    (id: string) => {
      const index = messages.findIndex((message) => message.id === id);
      if (index < 0) onFound(id);
      else list.current?.scrollToIndex(index, { offset: -belowHeader });
    },
    [messages, onFound],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: the messages are what has changed.
  useLayoutEffect(settle, [messages, settle]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the conversation is opened.
  useLayoutEffect(() => {
    if (!left) return;
    const index = messages.findIndex(({ id }) => id === left.messageId);
    // It was deleted meanwhile, in another tab perhaps.
    if (index < 0) return toBottom();
    list.current?.scrollToIndex(index, { offset: -left.y });
  }, []);

  const rows = messages.map((message) => (
    <MessageRow
      // Whatever stands in one place has one key: switching branches changes only what differs.
      key={message.parent_id ?? "first"}
      message={message}
      shown={shown}
      live={live}
      goingOn={goingOn}
      branching={branching}
      onDelete={onDelete}
    />
  ));
  return (
    <HoldContext value={hold}>
      <div className={styles.frame}>
        <div ref={scroller} className={styles.scroller}>
          <div ref={content} className={styles.content}>
            {unseen.length > 0 && <Findable messages={unseen} shown={shown} onFound={bring} />}
            {older.has && (
              <OlderMessages
                busy={older.busy}
                failed={older.failed}
                onReached={older.load}
                root={scroller}
              />
            )}
            {virtual ? (
              <Virtualizer ref={list} scrollRef={scroller} bufferSize={6000} shift={prepended}>
                {rows}
              </Virtualizer>
            ) : (
              rows
            )}
            {messages.length === 0 && pending === null && (
              <p className={styles.empty}>
                <Trans>No messages are left here. Ask something to go on.</Trans>
              </p>
            )}
            {pending !== null && (
              <>
                <PendingQuestion written={pending} />
                {expected ?? <ExpectedAnswer />}
              </>
            )}
          </div>
        </div>
        {!atBottom && (
          <IconButton
            className={styles.down}
            label={t`Back to the latest words`}
            onClick={() => toBottom("smooth")}
          >
            <ArrowDownIcon />
          </IconButton>
        )}
      </div>
    </HoldContext>
  );
}

type MessageRowProps = Pick<ThreadProps, "live" | "goingOn" | "branching" | "onDelete"> & {
  message: Message;
  shown: ShownRows;
};

function MessageRow({ message, shown, live, goingOn, ...rest }: MessageRowProps) {
  useShown(shown, message.id);
  if (message.role === "user") return <Question message={message} {...rest} />;
  const own = <T extends { messageId: string }>(of: T | null) =>
    of?.messageId === message.id ? of : null;
  return <AssistantMessage message={message} live={own(live)} goingOn={own(goingOn)} {...rest} />;
}

/** Whether something was so at first, or at any moment since in which it was allowed to become so. */
function useOnce(is: boolean, may: boolean): boolean {
  const [was, setWas] = useState(is);
  if (is && may && !was) setWas(true);
  return was;
}

/** When older messages come in above, what is on screen stays where it is. */
function useKeepPlace(
  messages: Message[],
  scroller: StickToBottom["scroller"],
  virtual: boolean,
): boolean {
  const before = useRef({ first: "", top: 0 });
  const first = messages[0]?.id ?? "";
  const prepended =
    before.current.first !== first && messages.some(({ id }) => id === before.current.first);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    if (prepended && !virtual) {
      const top = rowOf(element, before.current.first)?.offsetTop ?? before.current.top;
      element.scrollTop += top - before.current.top;
    }
    before.current = { first, top: rowOf(element, first)?.offsetTop ?? 0 };
  });
  return prepended;
}
