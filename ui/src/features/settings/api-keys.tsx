/** The keys of one's programs: made, listed and deleted. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Key } from "../../api/client";
import { deleteKey, keysQuery } from "../../api/keys";
import { useSubmission } from "../../api/submission";
import { Button, IconButton } from "../../components/button";
import { Dialog } from "../../components/dialog";
import { KeyIcon, TrashIcon } from "../../components/icons";
import { showToast } from "../../components/toast";
import { timeAgo } from "../../lib/time-ago";
import { NewKey, NewKeyForm } from "./new-key";
import { useScopes } from "./scopes";
import { Arrival, Failure, Section } from "./section";
import styles from "./settings.module.css";

export function ApiKeys() {
  const keys = useQuery(keysQuery);
  const [making, setMaking] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const [deleting, setDeleting] = useState<Key | null>(null);

  return (
    <Section
      title={<Trans>API keys</Trans>}
      about={<Trans>For programs that use your conversations in your name.</Trans>}
    >
      <Arrival of={keys} />
      {secret && <NewKey secret={secret} onDone={() => setSecret(null)} />}
      <ul className={styles.list}>
        {keys.data?.map((key) => (
          <KeyRow key={key.id} of={key} onDelete={() => setDeleting(key)} />
        ))}
      </ul>
      {making ? (
        <NewKeyForm
          onMade={(made) => {
            setMaking(false);
            setSecret(made);
          }}
          onCancel={() => setMaking(false)}
        />
      ) : (
        !secret && (
          <div>
            <Button onClick={() => setMaking(true)}>
              <Trans>New key</Trans>
            </Button>
          </div>
        )
      )}
      {deleting && <DeleteKey of={deleting} onClose={() => setDeleting(null)} />}
    </Section>
  );
}

function KeyRow({ of: key, onDelete }: { of: Key; onDelete: () => void }) {
  const { t, i18n } = useLingui();
  const scopes = useScopes();
  const { name } = key;
  const day = (time: string) => i18n.date(time, { dateStyle: "medium" });
  const made = day(key.created_at);
  const end = key.expires_at ? day(key.expires_at) : null;
  const ended = !!key.expires_at && Date.parse(key.expires_at) <= Date.now();
  const used = key.last_used_at ? timeAgo(key.last_used_at) : null;
  return (
    <li className={styles.item}>
      <KeyIcon />
      <div className={styles.words}>
        <p className={styles.itemName}>
          {name}
          <span className={styles.badge} data-quiet={ended || undefined}>
            {ended ? <Trans>Ended</Trans> : scopes[key.scope].name}
          </span>
        </p>
        <p className={styles.quiet}>
          <code>{key.prefix}…</code> ·{" "}
          {used ? <Trans>last used {used}</Trans> : <Trans>never used</Trans>}
        </p>
        <p className={styles.quiet}>
          <Trans>Made on {made}</Trans>
          {end && <> · {ended ? <Trans>ended on {end}</Trans> : <Trans>ends on {end}</Trans>}</>}
        </p>
      </div>
      <IconButton label={t`Delete ${name}`} onClick={onDelete}>
        <TrashIcon />
      </IconButton>
    </li>
  );
}

function DeleteKey({ of: key, onClose }: { of: Key; onClose: () => void }) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const { name } = key;
  const { busy, failure, run } = useSubmission([]);

  async function send() {
    if (!(await run(() => deleteKey(queries, key.id)))) return;
    onClose();
    showToast(t`Key deleted`, undefined, 3000);
  }

  return (
    <Dialog open onClose={onClose} title={t`Delete “${name}”?`}>
      <div className={styles.form}>
        <p>
          <Trans>What still uses this key is locked out at once. It cannot be brought back.</Trans>
        </p>
        <Failure words={failure} />
        <div className={styles.actions}>
          <Button look="danger" busy={busy} onClick={() => void send()}>
            <Trans>Delete key</Trans>
          </Button>
          <Button onClick={onClose}>
            <Trans>Keep it</Trans>
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
