/** Whom to make an account for: the person sets the password, by the link that comes of it. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Person } from "../../api/client";
import { createPerson } from "../../api/people";
import { useSubmission } from "../../api/submission";
import { Button } from "../../components/button";
import { Field } from "../../components/field";
import { Choice } from "./choice";
import { Failure } from "./section";
import styles from "./settings.module.css";

interface NewPersonFormProps {
  onMade: (made: { person: Person; link: string }) => void;
  onCancel: () => void;
  /** Leads to the invitations. */
  onInvite: () => void;
}

export function NewPersonForm({ onMade, onCancel, onInvite }: NewPersonFormProps) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const [role, setRole] = useState<Person["role"]>("member");
  const { busy, errorOf, failure, run } = useSubmission(["email", "name"]);

  async function make(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const written = new FormData(form);
    const email = String(written.get("email")).trim();
    const name = String(written.get("name")).trim() || null;
    await run(async () => onMade(await createPerson(queries, { email, name, role })), form);
  }

  return (
    <form className={styles.form} onSubmit={make} noValidate>
      <p className={styles.quiet}>
        <Trans>
          You get a link with which this person sets a password. Whoever is to choose their own
          address needs an invitation instead.
        </Trans>
      </p>
      <Failure words={failure} />
      <Field
        label={t`Email`}
        name="email"
        type="email"
        required
        autoFocus
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={254}
        error={errorOf("email")}
      />
      <Field
        label={t`Name`}
        name="name"
        autoComplete="off"
        maxLength={100}
        placeholder={t`Optional`}
        error={errorOf("name")}
      />
      <Choice
        name="person-role"
        legend={<Trans>What they become</Trans>}
        value={role}
        onChoose={setRole}
        options={[
          ["member", t`Member`],
          ["admin", t`Administrator`],
        ]}
      />
      <div className={styles.actions}>
        <Button type="submit" look="primary" busy={busy}>
          <Trans>Create account</Trans>
        </Button>
        <Button onClick={onCancel}>
          <Trans>Cancel</Trans>
        </Button>
        <Button look="link" onClick={onInvite}>
          <Trans>Invite instead</Trans>
        </Button>
      </div>
    </form>
  );
}
