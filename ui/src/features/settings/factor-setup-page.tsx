/** For somebody of whom this server asks a second factor, before anything else. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { goOn } from "../../api/factors";
import { logout } from "../../api/session";
import { useSubmission } from "../../api/submission";
import { Button } from "../../components/button";
import { Mark } from "../../components/mark";
import factors from "./factors.module.css";
import { Passkeys } from "./passkeys";
import { Failure } from "./section";
import styles from "./settings.module.css";
import { TwoStep } from "./two-step";

export default function FactorSetupPage() {
  const { t } = useLingui();
  const queries = useQueryClient();
  const { busy, failure, run } = useSubmission([]);
  const title = t`Make your account safer`;
  const ready = () => void goOn(queries);

  useEffect(() => {
    document.title = `${title} · Loquat`;
  }, [title]);

  return (
    <main className={factors.alone}>
      <div className={styles.column}>
        <header className={factors.head}>
          <Mark size={44} />
          <h1>{title}</h1>
          <p>
            <Trans>
              Whoever runs this server asks you for a second step at the sign-in. Set one of these
              up to go on.
            </Trans>
          </p>
        </header>
        <TwoStep onReady={ready} />
        <Passkeys onReady={ready} />
        <Failure words={failure} />
        <div>
          <Button look="link" busy={busy} onClick={() => void run(() => logout(queries))}>
            <Trans>Sign out</Trans>
          </Button>
        </div>
      </div>
    </main>
  );
}
