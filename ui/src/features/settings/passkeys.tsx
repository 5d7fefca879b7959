/** One's passkeys: added, listed and deleted. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Passkey } from "../../api/client";
import { addPasskey, deletePasskey, factorsQuery, passkeysQuery } from "../../api/factors";
import { knowsPasskeys } from "../../api/passkeys";
import { Button, IconButton } from "../../components/button";
import { Field } from "../../components/field";
import { KeyIcon, TrashIcon } from "../../components/icons";
import { showToast } from "../../components/toast";
import { timeAgo } from "../../lib/time-ago";
import { ConfirmIt } from "./confirm-it";
import { deviceOf } from "./device-name";
import { RecoveryCodes } from "./recovery-codes";
import { Arrival, Section } from "./section";
import styles from "./settings.module.css";

/** `onReady`: somebody has a factor now, and has put the codes away. */
export function Passkeys({ onReady }: { onReady?: () => void }) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const passkeys = useQuery(passkeysQuery);
  const factors = useQuery(factorsQuery).data;
  const [adding, setAdding] = useState(false);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const [deleting, setDeleting] = useState<Passkey | null>(null);
  const possible = !!factors?.passkeys_possible && knowsPasskeys();
  const usualName = deviceOf(navigator.userAgent).system ?? t`This device`;

  return (
    <Section
      title={<Trans>Passkeys</Trans>}
      about={
        <Trans>
          Sign in with your fingerprint, your face or a security key instead of a password. Your
          password alone does not sign you in any more then.
        </Trans>
      }
    >
      <Arrival of={passkeys} />
      {codes && (
        <RecoveryCodes
          codes={codes}
          onDone={() => {
            setCodes(null);
            onReady?.();
          }}
        />
      )}
      <ul className={styles.list}>
        {passkeys.data?.map((passkey) => (
          <PasskeyRow key={passkey.id} of={passkey} onDelete={() => setDeleting(passkey)} />
        ))}
      </ul>
      {possible ? (
        <div>
          <Button onClick={() => setAdding(true)}>
            <Trans>Add a passkey</Trans>
          </Button>
        </div>
      ) : (
        factors && (
          <p className={styles.quiet}>
            {factors.passkeys_possible ? (
              <Trans>This browser does not know passkeys.</Trans>
            ) : (
              <Trans>
                Browsers allow passkeys only where a page is opened by its name over HTTPS. Whoever
                runs this server can set that up.
              </Trans>
            )}
          </p>
        )
      )}
      {adding && (
        <ConfirmIt
          title={t`Add a passkey`}
          about={<Trans>Show that it is you. Then your device asks what to use.</Trans>}
          submit={<Trans>Continue</Trans>}
          onConfirm={async (confirmation, form) => {
            // Before the device makes one that the server would not know.
            const name = String(form.get("name")).trim() || usualName;
            const made = await addPasskey(queries, name, confirmation);
            if (made === undefined) return;
            setAdding(false);
            setCodes(made);
            showToast(t`Passkey added`, undefined, 3000);
            if (!made) onReady?.();
          }}
          onClose={() => setAdding(false)}
        >
          <Field
            label={t`Name`}
            name="name"
            autoComplete="off"
            maxLength={100}
            defaultValue={usualName}
            hint={t`So that you know later which one it is.`}
          />
        </ConfirmIt>
      )}
      {deleting && (
        <ConfirmIt
          title={t`Delete “${deleting.name}”?`}
          about={<Trans>This passkey signs nobody in any more then.</Trans>}
          submit={<Trans>Delete passkey</Trans>}
          danger
          onConfirm={async (confirmation) => {
            await deletePasskey(queries, deleting.id, confirmation);
            setDeleting(null);
            showToast(t`Passkey deleted`, undefined, 3000);
          }}
          onClose={() => setDeleting(null)}
        />
      )}
    </Section>
  );
}

function PasskeyRow({ of: passkey, onDelete }: { of: Passkey; onDelete: () => void }) {
  const { t, i18n } = useLingui();
  const { name } = passkey;
  const made = i18n.date(passkey.created_at, { dateStyle: "medium" });
  const used = passkey.last_used_at ? timeAgo(passkey.last_used_at) : null;
  return (
    <li className={styles.item}>
      <KeyIcon />
      <div className={styles.words}>
        <p className={styles.itemName}>{name}</p>
        <p className={styles.quiet}>
          <Trans>Made on {made}</Trans> ·{" "}
          {used ? <Trans>last used {used}</Trans> : <Trans>never used</Trans>}
        </p>
      </div>
      <IconButton label={t`Delete ${name}`} onClick={onDelete}>
        <TrashIcon />
      </IconButton>
    </li>
  );
}
