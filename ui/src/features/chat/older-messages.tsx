/** Loads the page before when the reader comes near the top. */
import { useLingui } from "@lingui/react/macro";
import type { RefObject } from "react";
import { Reach } from "../../components/reach";
import styles from "./thread.module.css";

interface OlderMessagesProps {
  busy: boolean;
  failed: boolean;
  onReached: () => void;
  root: RefObject<HTMLElement | null>;
}

export function OlderMessages(props: OlderMessagesProps) {
  const { t } = useLingui();
  // Without a height of its own: nothing moves when it comes and goes, unless somebody has to be told something.
  return (
    <div className={props.failed ? undefined : styles.older}>
      <Reach {...props} label={t`Loading older messages`} margin="600px 0px" />
    </div>
  );
}
