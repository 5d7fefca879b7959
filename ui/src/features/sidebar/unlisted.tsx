/** Instead of a list that could not be loaded. */
import { Trans } from "@lingui/react/macro";
import { describeError } from "../../api/words";
import { Button } from "../../components/button";
import styles from "./sidebar.module.css";

export function Unlisted({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return (
    <div className={styles.note}>
      <p>{describeError(error).title}</p>
      <Button look="link" onClick={onRetry}>
        <Trans>Try again</Trans>
      </Button>
    </div>
  );
}
