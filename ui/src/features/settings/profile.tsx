/** What one is called here, and the address one signs in with. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { changeName } from "../../api/account";
import { useUser } from "../../api/session";
import { useSubmission } from "../../api/submission";
import { Button } from "../../components/button";
import { Field } from "../../components/field";
import { showToast } from "../../components/toast";
import { Failure, Section } from "./section";
import styles from "./settings.module.css";

export function Profile() {
  const { t } = useLingui();
  const queries = useQueryClient();
  const user = useUser();
  const saved = user?.name ?? "";
  const [name, setName] = useState(saved);
  const { busy, errorOf, failure, run, forget } = useSubmission(["name"]);
  const changed = name.trim() !== saved;

  async function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const send = async () => void (await changeName(queries, name.trim()));
    if (changed && (await run(send, event.currentTarget)))
      showToast(t`Name saved`, undefined, 2500);
  }

  return (
    <Section title={<Trans>Profile</Trans>}>
      <dl className={styles.facts}>
        <dt>
          <Trans>Email</Trans>
        </dt>
        <dd>{user?.email}</dd>
      </dl>
      <Failure words={failure} />
      <form className={styles.line} onSubmit={save}>
        <Field
          label={t`Name`}
          name="name"
          autoComplete="name"
          maxLength={100}
          value={name}
          placeholder={t`What you would like to be called`}
          error={errorOf("name")}
          onChange={(event) => {
            setName(event.target.value);
            forget();
          }}
        />
        <Button type="submit" busy={busy} disabled={!changed}>
          <Trans>Save</Trans>
        </Button>
      </form>
    </Section>
  );
}
