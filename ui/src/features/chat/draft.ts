/**
 * What somebody is writing, kept for each conversation. The draft carries the id of the request
 * that sent it: sent again unchanged, after a reload say, it is still the same turn for the server.
 */
import { useRef, useState } from "react";
import { randomId } from "../../lib/ids";
import { load, save } from "../../lib/storage";

interface Draft {
  text: string;
  requestId: string | null;
}

export function readDraft(key: string): Draft {
  try {
    const stored = JSON.parse(load(key) ?? "null") as Partial<Draft> | null;
    return { text: stored?.text ?? "", requestId: stored?.requestId ?? null };
  } catch {
    return { text: "", requestId: null };
  }
}

export function writeDraft(key: string, draft: Draft): void {
  save(key, draft.text ? JSON.stringify(draft) : null);
}

/** The id under which `text` is sent: the one it was sent with before, or a new one. */
export function requestIdFor(key: string, text: string): string {
  const draft = readDraft(key);
  const requestId = (draft.text === text && draft.requestId) || randomId();
  writeDraft(key, { text, requestId });
  return requestId;
}

export function draftKey(userId: string, projectId: string | null): string {
  return `draft.${userId}.${projectId ?? "new"}`;
}

/** `text` is in the conversation: it is no draft any more, but what was written since still is. */
export function settleDraft(key: string, text: string, nextKey: string): void {
  const { text: stored } = readDraft(key);
  writeDraft(key, { text: "", requestId: null });
  if (stored && stored !== text) writeDraft(nextKey, { text: stored, requestId: null });
}

export interface DraftBox {
  text: string;
  write: (text: string) => void;
  /** Empties the box; the stored draft stays until the server has the message. */
  handOver: () => string;
  /** Puts back what could not be sent, before anything written since. */
  giveBack: (text: string) => void;
}

export function useDraft(key: string): DraftBox {
  const [text, setText] = useState(() => readDraft(key).text);
  const latest = useRef(text);

  function show(next: string) {
    latest.current = next;
    setText(next);
  }

  return {
    text,
    write(next) {
      show(next);
      writeDraft(key, { text: next, requestId: null });
    },
    handOver() {
      const sent = latest.current;
      show("");
      return sent;
    },
    giveBack(sent) {
      if (latest.current === "") return show(sent);
      const both = `${sent}\n\n${latest.current}`;
      show(both);
      writeDraft(key, { text: both, requestId: null });
    },
  };
}
