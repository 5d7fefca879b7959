/** The message box: it grows with its text and turns its button into stop while an answer runs. */
import { useLingui } from "@lingui/react/macro";
import {
  type FormEvent,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
} from "react";
import { SendIcon, StopIcon } from "../../components/icons";
import { coarsePointer, useMedia } from "../../lib/media";
import { useShortcut } from "../../lib/shortcuts";
import { fitToText } from "./autosize";
import styles from "./composer.module.css";

interface ComposerProps {
  text: string;
  onText: (text: string) => void;
  onSend: () => void;
  onStop: () => void;
  /** An answer is being written: one can go on writing, but not send. */
  running: boolean;
  stopping: boolean;
  sending: boolean;
  modelPicker: ReactNode;
}

export function Composer(props: ComposerProps) {
  const { text, onText, onSend, onStop, running, stopping, sending, modelPicker } = props;
  const { t } = useLingui();
  const box = useRef<HTMLTextAreaElement>(null);
  const touch = useMedia(coarsePointer);
  const empty = text.trim() === "";

  // biome-ignore lint/correctness/useExhaustiveDependencies: its height depends on the text.
  useLayoutEffect(() => fitToText(box.current), [text]);

  useEffect(() => {
    // On a phone the keyboard would cover what one came to read.
    if (!touch) box.current?.focus({ preventScroll: true });
  }, [touch]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the beginning and the end are the events.
  useEffect(() => {
    // The button that had the focus is gone: stop at the end, send or continue at the beginning.
    if (touch || document.activeElement !== document.body) return;
    box.current?.focus({ preventScroll: true });
  }, [running, touch]);

  useShortcut("focus_composer", () => box.current?.focus());
  useShortcut("stop", onStop, running);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!empty && !running && !sending) onSend();
  }

  function press(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (event.key !== "Enter" || event.shiftKey || touch) return;
    // Enter also chooses a word in many input methods (229 is what Safari says then).
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    submit(event);
  }

  return (
    <form className={styles.composer} onSubmit={submit}>
      <textarea
        ref={box}
        id="composer"
        className={styles.text}
        rows={1}
        value={text}
        dir="auto"
        placeholder={t`Ask anything`}
        aria-label={t`Message`}
        enterKeyHint={touch ? "enter" : "send"}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={press}
      />
      <div className={styles.bar}>
        {modelPicker}
        {running ? (
          <button
            key="stop"
            type="button"
            className={styles.send}
            aria-label={t`Stop`}
            title={t`Stop`}
            disabled={stopping}
            onClick={onStop}
          >
            <StopIcon />
          </button>
        ) : (
          <button
            key="send"
            type="submit"
            className={styles.send}
            aria-label={t`Send`}
            title={t`Send`}
            disabled={empty || sending}
          >
            <SendIcon />
          </button>
        )}
      </div>
    </form>
  );
}
