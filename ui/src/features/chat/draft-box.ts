/** The message box: what is in it, and what becomes of that when it is sent. */
import { useRef, useState } from "react";
import { inBox, joined, keepDraft, type Written } from "./draft";
import { changedImages, takeFrom } from "./tray";

export interface DraftBox {
  text: string;
  write: (text: string) => void;
  /** Puts it below what is there. */
  append: (text: string) => void;
  /** Empties the box of what is sent. */
  handOver: () => Written;
  /** Shows again what could not be sent, before anything written since; it is kept as it is. */
  giveBack: (written: Written) => void;
}

export function useDraft(key: string): DraftBox {
  const [text, setText] = useState(() => inBox(key).text);
  const latest = useRef(text);

  function show(next: string) {
    latest.current = next;
    setText(next);
  }

  function write(next: string) {
    show(next);
    keepDraft(key, { text: next, images: changedImages(key) });
  }

  return {
    text,
    write,
    append: (more) => write(joined(latest.current, more)),
    handOver() {
      const sent = latest.current;
      show("");
      return { text: sent.trim() && sent, images: takeFrom(key) };
    },
    giveBack: (sent) => show(joined(sent.text, latest.current)),
  };
}
