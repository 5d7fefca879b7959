/** What a new key is made from, and the one look at it that there is. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Scope } from "../../api/client";
import { createKey } from "../../api/keys";
import { useUser } from "../../api/session";
import { useSubmission } from "../../api/submission";
import { Button } from "../../components/button";
import { Field } from "../../components/field";
import { Choice } from "./choice";
import { useScopes } from "./scopes";
import { Failure } from "./section";
import styles from "./settings.module.css";
import { ShownOnce } from "./shown-once";

type Days = "30" | "90" | "365" | "never";

interface NewKeyFormProps {
  onMade: (secret: string) => void;
  onCancel: () => void;
}

export function NewKeyForm({ onMade, onCancel }: NewKeyFormProps) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const user = useUser();
  const scopes = useScopes();
  const [scope, setScope] = useState<Scope>("read");
  const [days, setDays] = useState<Days>("90");
  const { busy, errorOf, failure, run } = useSubmission(["name"]);

  async function make(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const name = String(new FormData(form).get("name"));
    const expires_in_days = days === "never" ? null : Number(days);
    await run(async () => onMade(await createKey(queries, { name, scope, expires_in_days })), form);
  }

  const offered = (["read", "chat", "admin"] as const).filter(
    (one) => one !== "admin" || user?.role === "admin",
  );
  return (
    <form className={styles.form} onSubmit={make}>
      <Failure words={failure} />
      <Field
        label={t`Name`}
        name="name"
        required
        autoFocus
        autoComplete="off"
        maxLength={100}
        hint={t`So that you know later what uses it.`}
        error={errorOf("name")}
      />
      <fieldset className={styles.choice}>
        <legend>
          <Trans>What it may do</Trans>
        </legend>
        <div className={styles.scopes}>
          {offered.map((one) => (
            <label key={one}>
              <input
                type="radio"
                name="scope"
                value={one}
                checked={scope === one}
                onChange={() => setScope(one)}
              />
              <span>{scopes[one].name}</span>
              <small>{scopes[one].about}</small>
            </label>
          ))}
        </div>
      </fieldset>
      <Choice
        name="days"
        legend={<Trans>How long it lasts</Trans>}
        value={days}
        onChoose={setDays}
        options={[
          ["30", t`30 days`],
          ["90", t`90 days`],
          ["365", t`1 year`],
          ["never", t`No end`],
        ]}
      />
      <div className={styles.actions}>
        <Button type="submit" look="primary" busy={busy}>
          <Trans>Create key</Trans>
        </Button>
        <Button onClick={onCancel}>
          <Trans>Cancel</Trans>
        </Button>
      </div>
    </form>
  );
}

export function NewKey({ secret, onDone }: { secret: string; onDone: () => void }) {
  const { t } = useLingui();
  return (
    <ShownOnce
      title={t`Your new key`}
      about={<Trans>Copy it now and keep it like a password: it is not shown again.</Trans>}
      secret={secret}
      copyLabel={t`Copy key`}
      onDone={onDone}
    >
      <Trans>
        Programs send it as <code>Authorization: Bearer</code>. How, the{" "}
        <a href="/api/docs" target="_blank" rel="noreferrer">
          description of the API
        </a>{" "}
        tells.
      </Trans>
    </ShownOnce>
  );
}
