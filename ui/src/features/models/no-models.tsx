/** Instead of the list, when there is nothing in it. */
import { Trans } from "@lingui/react/macro";
import { Link } from "react-router";
import { useUser } from "../../api/session";
import { describeError } from "../../api/words";
import { Button } from "../../components/button";
import styles from "./model-picker.module.css";

export function NoModels({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const admin = useUser()?.role === "admin";
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
        ) : admin ? (
          <Link to="/settings#model-servers">
            <Trans>Add a model server in the settings</Trans>
          </Link>
        ) : (
          <Trans>An administrator adds model servers in the settings.</Trans>
        )}
      </p>
      <Button onClick={onRetry}>
        <Trans>Look again</Trans>
      </Button>
    </div>
  );
}
