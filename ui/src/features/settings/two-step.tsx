/** The authenticator app, and the codes for when it is lost. */
import { plural } from "@lingui/core/macro";
import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { NewTotp } from "../../api/client";
import { beginTotp, factorsQuery, removeTotp, renewCodes } from "../../api/factors";
import { Button } from "../../components/button";
import { KeyIcon, PhoneIcon } from "../../components/icons";
import { showToast } from "../../components/toast";
import { ConfirmIt } from "./confirm-it";
import { NewApp } from "./new-app";
import { RecoveryCodes } from "./recovery-codes";
import { Arrival, Section } from "./section";
import styles from "./settings.module.css";

type Doing = "begin" | "remove" | "renew";

/** `onReady`: somebody has a factor now, and has put the codes away. */
export function TwoStep({ onReady }: { onReady?: () => void }) {
  const { t, i18n } = useLingui();
  const queries = useQueryClient();
  const factors = useQuery(factorsQuery);
  const [doing, setDoing] = useState<Doing | null>(null);
  const [app, setApp] = useState<NewTotp | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const close = () => setDoing(null);
  const standing = factors.data;
  const since = standing?.totp_since
    ? i18n.date(standing.totp_since, { dateStyle: "medium" })
    : null;

  function show(made: readonly string[] | null) {
    setCodes(made);
    if (!made) onReady?.();
  }

  return (
    <Section
      title={<Trans>Two-step sign-in</Trans>}
      about={
        <Trans>
          Beside your password, a sign-in asks for a code that an app on your phone shows. Whoever
          finds out your password alone does not get in.
        </Trans>
      }
    >
      <Arrival of={factors} />
      {codes && (
        <RecoveryCodes
          codes={codes}
          onDone={() => {
            setCodes(null);
            onReady?.();
          }}
        />
      )}
      {standing?.is_on && (
        <ul className={styles.list}>
          {since && (
            <li className={styles.item}>
              <PhoneIcon />
              <div className={styles.words}>
                <p className={styles.itemName}>
                  <Trans>Authenticator app</Trans>
                </p>
                <p className={styles.quiet}>
                  <Trans>On since {since}</Trans>
                </p>
              </div>
              <Button look="link" onClick={() => setDoing("remove")}>
                <Trans>Remove</Trans>
              </Button>
            </li>
          )}
          <li className={styles.item}>
            <KeyIcon />
            <div className={styles.words}>
              <p className={styles.itemName}>
                <Trans>Recovery codes</Trans>
              </p>
              <p className={styles.quiet}>
                {plural(standing.recovery_codes, {
                  0: "none left: make new ones",
                  one: "# left",
                  other: "# left",
                })}
              </p>
            </div>
            <Button look="link" onClick={() => setDoing("renew")}>
              <Trans>Make new ones</Trans>
            </Button>
          </li>
        </ul>
      )}
      {app && (
        <NewApp
          app={app}
          onOn={(made) => {
            setApp(null);
            show(made);
          }}
          onCancel={() => setApp(null)}
        />
      )}
      {standing && !since && !app && (
        <div>
          <Button onClick={() => setDoing("begin")}>
            <Trans>Set up an authenticator app</Trans>
          </Button>
        </div>
      )}
      {doing === "begin" && (
        <ConfirmIt
          title={t`Set up an authenticator app`}
          about={<Trans>First show that it is you.</Trans>}
          submit={<Trans>Continue</Trans>}
          onConfirm={async (confirmation) => {
            setApp(await beginTotp(confirmation));
            close();
          }}
          onClose={close}
        />
      )}
      {doing === "renew" && (
        <ConfirmIt
          title={t`Make new recovery codes?`}
          about={<Trans>Those that you have are worth nothing any more then.</Trans>}
          submit={<Trans>Make new codes</Trans>}
          onConfirm={async (confirmation) => {
            setCodes(await renewCodes(queries, confirmation));
            close();
          }}
          onClose={close}
        />
      )}
      {doing === "remove" && (
        <ConfirmIt
          title={t`Remove the authenticator app?`}
          about={
            standing?.passkeys ? (
              <Trans>Your passkeys stay, and a sign-in by password asks for one of them.</Trans>
            ) : (
              <Trans>Your password alone signs you in then. The recovery codes go too.</Trans>
            )
          }
          submit={<Trans>Remove</Trans>}
          danger
          onConfirm={async (confirmation) => {
            await removeTotp(queries, confirmation);
            setCodes(null);
            close();
            showToast(t`Authenticator app removed`, undefined, 3000);
          }}
          onClose={close}
        />
      )}
    </Section>
  );
}
