/** Reads a growing answer to screen readers in sentences, not in letters. */
import { useLingui } from "@lingui/react/macro";
import { useEffect, useRef, useState } from "react";
import type { LiveAnswer } from "./follow";

const pause = 2500;

export function Announcer({ live }: { live: LiveAnswer | null }) {
  const { t } = useLingui();
  const [spoken, setSpoken] = useState("");
  const finished = useRef(t`The answer is complete.`);
  finished.current = t`The answer is complete.`;

  useEffect(() => {
    if (!live) return;
    // What was there before one came is read by whoever wants to, not announced.
    let said = live.answer.get().shown.content.length;
    const speak = () => {
      const { shown, end } = live.answer.get();
      const fresh = shown.content.slice(said);
      const length = end ? fresh.length : wholeSentences(fresh);
      if (length === 0) return;
      said += length;
      setSpoken(fresh.slice(0, length));
    };
    const timer = setInterval(speak, pause);
    return () => {
      clearInterval(timer);
      speak();
      if (live.answer.get().end) setTimeout(() => setSpoken(finished.current), pause);
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
