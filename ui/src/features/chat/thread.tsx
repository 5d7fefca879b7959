/** The messages of a conversation. Only a long one is virtual, so that find-in-page sees the rest. */
import { useLingui } from "@lingui/react/macro";
import { type ReactNode, useLayoutEffect, useRef } from "react";
import { Virtualizer } from "virtua";
import type { Message } from "../../api/client";
import { IconButton } from "../../components/button";
import { ArrowDownIcon } from "../../components/icons";
import type { LiveAnswer } from "./follow";
import type { GoingOn } from "./going-on";
import { AssistantMessage, ExpectedAnswer, UserMessage } from "./message";
import { OlderMessages } from "./older-messages";
import type { StickToBottom } from "./stick-to-bottom";
import styles from "./thread.module.css";

const virtualFrom = 80;

interface ThreadProps {
  messages: Message[];
  live: LiveAnswer | null;
  goingOn: GoingOn | null;
  /** A question on its way, with its expected answer. */
  pending: string | null;
  older: { has: boolean; busy: boolean; load: () => void };
  stick: StickToBottom;
  children?: ReactNode;
}

export function Thread({ messages, live, goingOn, pending, older, stick, children }: ThreadProps) {
  const { t } = useLingui();
  const { scroller, content, atBottom, toBottom } = stick;
  const virtual = messages.length > virtualFrom;
  const prepended = useKeepPlace(messages, scroller, virtual);

  const rows = messages.map((message) => (
    <MessageRow key={message.id} message={message} live={live} goingOn={goingOn} />
  ));
  return (
    <div className={styles.frame}>
      <div ref={scroller} className={styles.scroller}>
        <div ref={content} className={styles.content}>
          {older.has && <OlderMessages busy={older.busy} onReached={older.load} root={scroller} />}
          {virtual ? (
            <Virtualizer scrollRef={scroller} bufferSize={6000} shift={prepended}>
              {rows}
            </Virtualizer>
          ) : (
            rows
          )}
          {pending !== null && (
            <>
              <UserMessage text={pending} />
              <ExpectedAnswer />
            </>
          )}
          {children}
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
  );
}

type MessageRowProps = Pick<ThreadProps, "live" | "goingOn"> & { message: Message };

function MessageRow({ message, live, goingOn }: MessageRowProps) {
  if (message.role === "user") return <UserMessage text={message.content} />;
  const own = <T extends { messageId: string }>(of: T | null) =>
    of?.messageId === message.id ? of : null;
  return <AssistantMessage message={message} live={own(live)} goingOn={own(goingOn)} />;
}

/** When older messages come in above, what is on screen stays where it is. */
function useKeepPlace(
  messages: Message[],
  scroller: StickToBottom["scroller"],
  virtual: boolean,
): boolean {
  const before = useRef({ first: messages[0]?.id, height: 0 });
  const first = messages[0]?.id;
  const prepended = before.current.first !== undefined && before.current.first !== first;
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    if (prepended && !virtual && before.current.height > 0) {
      element.scrollTop += element.scrollHeight - before.current.height;
    }
    before.current = { first, height: element.scrollHeight };
  });
  return prepended;
}
