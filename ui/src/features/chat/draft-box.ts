/** The message box: what is in it, and what becomes of that when it is sent. */
import { useRef, useState } from "react";
import { readDraft, type Written, writeDraft } from "./draft";
import { changedImages, putBack, takeFrom } from "./tray";

export interface DraftBox {
  text: string;
  write: (text: string) => void;
  /** Puts it below what is there. */
  append: (text: string) => void;
  /** Empties the box; the stored draft stays until the server has the message. */
  handOver: () => Written;
  /** Puts back what could not be sent, before anything written since. */
  giveBack: (written: Written) => void;
}

export function useDraft(key: string): DraftBox {
  const [text, setText] = useState(() => readDraft(key).text);
  const latest = useRef(text);

  function show(next: string) {
    latest.current = next;
    setText(next);
  }

  function write(next: string) {
    show(next);
    writeDraft(key, { text: next, images: changedImages(key), requestId: null });
  }

  return {
    text,
    write,
    append: (more) => write(joined(latest.current, more)),
    handOver() {
      const sent = latest.current;
      show("");
      return { text: sent, images: takeFrom(key) };
    },
    giveBack(sent) {
      const since = latest.current !== "" || changedImages(key) !== null;
      putBack(key, sent.images);
      if (since) write(joined(sent.text, latest.current));
      else show(sent.text);
    },
  };
}

function joined(above: string, below: string): string {
  return [above.trimEnd(), below].filter(Boolean).join("\n\n");
}
