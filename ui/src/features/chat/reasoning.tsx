/** The model's thinking, folded away from the answer, and how long it took. */
import { Trans } from "@lingui/react/macro";
import { type MouseEvent, useContext, useEffect, useState } from "react";
import { ChevronRightIcon } from "../../components/icons";
import { wholeDuration } from "../../lib/duration";
import { HoldContext } from "./hold-context";
import styles from "./reasoning.module.css";

interface ReasoningProps {
  text: string;
  thinking: boolean;
  /** How long it took, in ms, once the server has said so. */
  took: number | null | undefined;
}

export function Reasoning({ text, thinking, took }: ReasoningProps) {
  const hold = useContext(HoldContext);
  const keep = (event: MouseEvent<HTMLElement>) => hold(event.currentTarget, "stay")();
  const [since] = useState(() => (thinking ? Date.now() : null));
  // Until the server says it: as it was seen here.
  const [seen, setSeen] = useState<number | null>(null);
  if (!thinking && since !== null && seen === null) setSeen(Date.now() - since);
  return (
    <details className={styles.reasoning}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a summary is a button. */}
      <summary onClick={keep}>
        <ChevronRightIcon size={16} />
        {thinking ? <Thinking since={since ?? Date.now()} /> : <Thought time={took ?? seen} />}
      </summary>
      <div className={styles.text} dir="auto">
        {text}
      </div>
    </details>
  );
}

function Thinking({ since }: { since: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const long = now - since;
  return (
    <span className={styles.count}>
      {long < 1000 ? <Trans>Thinking…</Trans> : <Trans>Thinking for {wholeDuration(long)}</Trans>}
    </span>
  );
}

function Thought({ time }: { time: number | null }) {
  if (time === null) return <Trans>Thoughts</Trans>;
  if (time < 1000) return <Trans>Thought for a moment</Trans>;
  return <Trans>Thought for {wholeDuration(time)}</Trans>;
}
