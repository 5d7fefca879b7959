/** Instead of the list, when there is nothing in it. */
import { Trans } from "@lingui/react/macro";
import { describeError } from "../../api/words";
import { Button } from "../../components/button";
import styles from "./model-picker.module.css";

export function NoModels({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const words = error ? describeError(error) : null;
  return (
    <div className={styles.none}>
      <p className={styles.noneTitle}>
        {words ? (
          <Trans>The models could not be loaded.</Trans>
        ) : (
          <Trans>No model is set up yet.</Trans>
        )}
      </p>
      <p>
        {words ? (
          `${words.title} ${words.advice}`
        ) : (
          <Trans>
            Whoever runs this server sets <code>OPENAI_API_KEY</code>, or lists providers in the
            file that <code>LOQUAT_PROVIDERS</code> names, and starts it again.
          </Trans>
        )}
      </p>
      <Button onClick={onRetry}>
        <Trans>Look again</Trans>
      </Button>
    </div>
  );
}
