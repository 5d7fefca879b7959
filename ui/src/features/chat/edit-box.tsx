/** A question being put in other words, or with other images. They are kept until the server has them. */
import { Trans, useLingui } from "@lingui/react/macro";
import {
  type ClipboardEvent,
  type KeyboardEvent,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import type { Message } from "../../api/client";
import { Button } from "../../components/button";
import { composes } from "../../lib/composes";
import { coarsePointer, useMedia } from "../../lib/media";
import { AttachButton } from "./attach-button";
import { pastedFiles, useTake } from "./attaching";
import { fitToText } from "./autosize";
import type { Branching } from "./branching";
import { keepDraft, noDraft, readDraft, writeDraft } from "./draft";
import styles from "./edit-box.module.css";
import { LazyStrip } from "./lazy-strip";
import { messageRow } from "./message-action";
import { changedImages, forgetTray, holdBack, imagesIn, useTray } from "./tray";
import { SendError } from "./trouble";

interface EditBoxProps {
  message: Message;
  branching: Branching;
  /** It was just asked for: the caret goes there. */
  focused: boolean;
  onClose: () => void;
}

export function EditBox({ message, branching, focused, onClose }: EditBoxProps) {
  const { t } = useLingui();
  const box = useRef<HTMLTextAreaElement>(null);
  const touch = useMedia(coarsePointer);
  const key = branching.editKey(message.id);
  const [text, setText] = useState(() => readDraft(key).text || message.content);
  const [error, setError] = useState<unknown>(null);
  const busy = branching.busy === message.id;
  const { hindrance, images } = branching;
  const pictures = useTray(key, message.attachments);
  const unready =
    pictures.some(({ attachment }) => !attachment) || holdBack(pictures, images.imageless);
  const said = text.trim() !== "" || pictures.length > 0;
  const sendable = said && !hindrance && !busy && !unready;

  // biome-ignore lint/correctness/useExhaustiveDependencies: its height depends on the text.
  useLayoutEffect(() => fitToText(box.current), [text]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: only when it opens.
  useEffect(() => {
    if (!focused) return;
    box.current?.focus({ preventScroll: true });
    box.current?.setSelectionRange(text.length, text.length);
  }, []);

  const latest = useRef(text);
  latest.current = text;
  const take = useTake({
    trayKey: key,
    imageless: images.imageless,
    append: (more) => write([latest.current, more].filter(Boolean).join("\n\n")),
  });

  function paste(event: ClipboardEvent) {
    const files = pastedFiles(event.clipboardData);
    if (files.length === 0) return;
    event.preventDefault();
    take(files);
  }

  function write(next: string) {
    latest.current = next;
    setText(next);
    setError(null);
    const words = next === message.content ? "" : next;
    keepDraft(key, { text: words, images: changedImages(key) });
  }

  function cancel() {
    const fresh = pictures.filter(({ sent }) => !sent);
    writeDraft(key, noDraft);
    forgetTray(key);
    if (fresh.length > 0) {
      // What cannot be taken away now goes by itself after a day.
      import("./upload").then(({ remove }) => fresh.forEach(remove)).catch(() => {});
    }
    onClose();
  }

  async function send() {
    const row = box.current && messageRow(box.current);
    if (!sendable || !row) return;
    setError(null);
    try {
      await branching.edit(message, { text: text.trim() && text, images: imagesIn(key) }, row);
    } catch (failure) {
      setError(failure);
    }
  }

  function press(event: KeyboardEvent) {
    if (composes(event.nativeEvent)) return;
    if (event.key === "Escape" && !event.shiftKey) cancel();
    else if (event.key === "Enter" && !event.shiftKey && !touch) {
      event.preventDefault();
      void send();
    }
  }

  return (
    <div className={styles.box}>
      <LazyStrip pictures={pictures} imageless={images.imageless} />
      <textarea
        ref={box}
        value={text}
        dir="auto"
        rows={1}
        aria-label={t`Your message in other words`}
        enterKeyHint={touch ? "enter" : "send"}
        onChange={(event) => write(event.target.value)}
        onKeyDown={press}
        onPaste={paste}
      />
      {Boolean(error) && <SendError error={error} onRetry={() => void send()} />}
      <div className={styles.foot}>
        {images.offered && <AttachButton onFiles={take} />}
        {hindrance && <p>{hindrance}</p>}
        <Button onClick={cancel}>
          <Trans>Cancel</Trans>
        </Button>
        <Button
          look="primary"
          busy={busy}
          aria-disabled={!sendable || undefined}
          onClick={() => void send()}
        >
          <Trans>Save and send</Trans>
        </Button>
      </div>
    </div>
  );
}
