/** Loads the page before when the reader comes near the top. */
import { useLingui } from "@lingui/react/macro";
import type { RefObject } from "react";
import { Reach } from "../../components/reach";

interface OlderMessagesProps {
  busy: boolean;
  onReached: () => void;
  root: RefObject<HTMLElement | null>;
}

export function OlderMessages(props: OlderMessagesProps) {
  const { t } = useLingui();
  return <Reach {...props} label={t`Loading older messages`} margin="600px 0px" />;
}
