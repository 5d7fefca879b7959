/** The model's thinking, folded away from the answer. */
import { Trans } from "@lingui/react/macro";
import { ChevronRightIcon } from "../../components/icons";
import styles from "./reasoning.module.css";

export function Reasoning({ text, thinking }: { text: string; thinking: boolean }) {
  return (
    <details className={styles.reasoning}>
      <summary>
        <ChevronRightIcon size={16} />
        {thinking ? <Trans>Thinking…</Trans> : <Trans>Thoughts</Trans>}
      </summary>
      <div className={styles.text} dir="auto">
        {text}
      </div>
    </details>
  );
}
