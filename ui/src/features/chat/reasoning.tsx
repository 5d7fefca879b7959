/** The model's thinking, folded away from the answer, and how long it took. */
import { Trans } from "@lingui/react/macro";
import { type MouseEvent, useContext, useEffect, useState } from "react";
import { ChevronRightIcon } from "../../components/icons";
import { wholeDuration } from "../../lib/duration";
import { HoldContext } from "./hold-context";
import styles from "./reasoning.module.css";
import { type Times, thinkingTime } from "./times";

interface ReasoningProps {
  text: string;
  thinking: boolean;
  times: Times;
}

export function Reasoning({ text, thinking, times }: ReasoningProps) {
  const hold = useContext(HoldContext);
  const keep = (event: MouseEvent<HTMLElement>) => hold(event.currentTarget, "stay")();
  return (
    <details className={styles.reasoning}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a summary is a button. */}
      <summary onClick={keep}>
        <ChevronRightIcon size={16} />
        {thinking ? <Thinking since={times.thought} /> : <Thought times={times} />}
      </summary>
      <div className={styles.text} dir="auto">
        {text}
      </div>
    </details>
  );
}

function Thinking({ since }: { since: number | undefined }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const long = since === undefined ? 0 : now - since;
  return (
    <span className={styles.count}>
      {long < 1000 ? <Trans>Thinking…</Trans> : <Trans>Thinking for {wholeDuration(long)}</Trans>}
    </span>
  );
}

function Thought({ times }: { times: Times }) {
  const time = thinkingTime(times);
  if (time === undefined) return <Trans>Thoughts</Trans>;
  if (time < 1000) return <Trans>Thought for a moment</Trans>;
  return <Trans>Thought for {wholeDuration(time)}</Trans>;
}
