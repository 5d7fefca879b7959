/** The message box: it grows with its text and turns its button into stop while an answer runs. */
import { plural } from "@lingui/core/macro";
import { useLingui } from "@lingui/react/macro";
import {
  type ClipboardEvent,
  type FormEvent,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { SendIcon, StopIcon } from "../../components/icons";
import { composes } from "../../lib/composes";
import { coarsePointer, useMedia } from "../../lib/media";
import { useShortcut } from "../../lib/shortcuts";
import { AttachButton } from "./attach-button";
import { type ImagesTaken, pastedFiles } from "./attaching";
import { fitToText } from "./autosize";
import styles from "./composer.module.css";
import { LazyStrip } from "./lazy-strip";
import { holdBack, type Picture } from "./tray";

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
  pictures: Picture[];
  images: ImagesTaken;
  onFiles: (files: File[]) => void;
}

/** As its button does it, with all that holds a message back. */
export function submitComposer() {
  (document.getElementById("composer") as HTMLTextAreaElement | null)?.form?.requestSubmit();
}

export function Composer(props: ComposerProps) {
  const { text, onText, onSend, onStop, running, stopping, sending, modelPicker } = props;
  const { pictures, images, onFiles } = props;
  const { t } = useLingui();
  const box = useRef<HTMLTextAreaElement>(null);
  const latest = useRef(onSend);
  latest.current = onSend;
  const touch = useMedia(coarsePointer);
  const uploading = pictures.some(({ attachment, error }) => !attachment && !error);
  const said = text.trim() !== "" || pictures.length > 0;
  const sendable = said && !holdBack(pictures, images.imageless) && !running && !sending;
  // It goes out by itself when these images are there, unless something is changed before.
  const [wanted, setWanted] = useState<string[] | null>(null);

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

  useEffect(() => {
    if (!wanted) return;
    const complete = wanted.every((key) => pictures.some((picture) => picture.key === key));
    if (complete && uploading) return;
    setWanted(null);
    if (complete && sendable) latest.current();
  }, [wanted, pictures, uploading, sendable]);

  useShortcut("focus_composer", () => box.current?.focus());
  useShortcut("stop", onStop, running);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!sendable) return;
    if (uploading) setWanted(pictures.map(({ key }) => key));
    else onSend();
  }

  function press(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (event.key !== "Enter" || event.shiftKey || touch) return;
    if (composes(event.nativeEvent)) return;
    submit(event);
  }

  function paste(event: ClipboardEvent) {
    const files = pastedFiles(event.clipboardData);
    if (files.length === 0) return;
    event.preventDefault();
    onFiles(files);
  }

  const pictured = plural(pictures.length, {
    one: "Ask about the image",
    other: "Ask about the images",
  });
  return (
    <form className={styles.composer} onSubmit={submit}>
      <LazyStrip pictures={pictures} imageless={images.imageless} />
      <textarea
        ref={box}
        id="composer"
        className={styles.text}
        rows={1}
        value={text}
        dir="auto"
        placeholder={pictures.length > 0 ? pictured : t`Ask anything`}
        aria-label={t`Message`}
        enterKeyHint={touch ? "enter" : "send"}
        onChange={(event) => {
          setWanted(null);
          onText(event.target.value);
        }}
        onKeyDown={press}
        onPaste={paste}
      />
      <div className={styles.bar}>
        {modelPicker}
        {images.offered && <AttachButton onFiles={onFiles} />}
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
            title={wanted ? t`It is sent when its images are uploaded.` : t`Send`}
            aria-busy={wanted !== null || undefined}
            disabled={!sendable}
          >
            <SendIcon />
          </button>
        )}
      </div>
    </form>
  );
}
