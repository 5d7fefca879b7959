/** Reads a growing answer to screen readers in sentences, not in letters. */
import { useLingui } from "@lingui/react/macro";
import { useEffect, useRef, useState } from "react";
import { describeEnding } from "../../api/answer-words";
import type { Message } from "../../api/client";
import { plainPiece } from "../../components/markdown/plain-text";
import type { LiveAnswer } from "./follow";

const pause = 2500;

interface AnnouncerProps {
  live: LiveAnswer | null;
  /** The message that `live` becomes at its end. */
  last: Message | undefined;
}

export function Announcer({ live, last }: AnnouncerProps) {
  const { t } = useLingui();
  const [spoken, setSpoken] = useState("");
  const goesOn = t`The answer goes on.`;
  const outcome = outcomeWords();
  const words = useRef({ goesOn, outcome });
  words.current = { goesOn, outcome };

  function outcomeWords() {
    switch (last?.status) {
      case "complete":
        return describeEnding(last.finish_reason)?.title ?? t`The answer is complete.`;
      case "stopped":
        return t`The answer was stopped.`;
      case "interrupted":
        return t`The answer was interrupted.`;
      default:
        // A failure is told by its own notice.
        return "";
    }
  }

  useEffect(() => {
    if (!live) return;
    // What was there before one came is read by whoever wants to, not announced.
    let said = live.answer.get().shown.content.length;
    if (said > 0) setSpoken(words.current.goesOn);
    const speak = (all: boolean) => {
      const fresh = live.answer.get().shown.content.slice(said);
      const length = all ? fresh.length : wholeSentences(fresh);
      if (length === 0) return false;
      said += length;
      setSpoken(plainPiece(fresh.slice(0, length)));
      return true;
    };
    const timer = setInterval(() => speak(false), pause);
    return () => {
      clearInterval(timer);
      const spoke = speak(true);
      setTimeout(() => setSpoken(words.current.outcome), spoke ? pause : 0);
    };
  }, [live]);

  return (
    <div className="visually-hidden" aria-live="polite">
      {spoken}
    </div>
  );
}

/** How much of `text` is whole sentences or lines. */
export function wholeSentences(text: string): number {
  let end = 0;
  for (const match of text.matchAll(/[.!?…。！？]["'”’)\]]*(?=\s)|\n/g)) {
    end = match.index + match[0].length;
  }
  return end;
}
