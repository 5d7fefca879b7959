/** A new password, which signs every other device out. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { changePassword } from "../../api/account";
import { useUser } from "../../api/session";
import { useSubmission } from "../../api/submission";
import { Button } from "../../components/button";
import { Field } from "../../components/field";
import { showToast } from "../../components/toast";
import { Failure, Section } from "./section";
import styles from "./settings.module.css";

const fields = ["current_password", "password"];

export function Password() {
  const { t } = useLingui();
  const queries = useQueryClient();
  const user = useUser();
  const [open, setOpen] = useState(false);
  const { busy, errorOf, failure, run } = useSubmission(fields);

  async function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const [current, next] = fields.map((name) => String(new FormData(form).get(name)));
    if (!(await run(() => changePassword(queries, current ?? "", next ?? ""), form))) return;
    setOpen(false);
    showToast(t`Password changed. Your other devices are signed out.`);
  }

  return (
    <Section
      title={<Trans>Password</Trans>}
      about={<Trans>A new password signs out every other device. API keys stay.</Trans>}
    >
      {open ? (
        <form className={styles.form} onSubmit={save}>
          <Failure words={failure} />
          {/* Password managers want to know whose password it is. */}
          <input
            className="visually-hidden"
            type="text"
            autoComplete="username"
            value={user?.email ?? ""}
            readOnly
            tabIndex={-1}
            aria-hidden="true"
          />
          <Field
            label={t`Current password`}
            name="current_password"
            type="password"
            autoComplete="current-password"
            required
            autoFocus
            error={errorOf("current_password", {
              wrong_password: t`This is not your current password.`,
              invalid: t`A password has at most 256 characters.`,
            })}
          />
          <Field
            label={t`New password`}
            name="password"
            type="password"
            autoComplete="new-password"
            required
            minLength={8}
            maxLength={256}
            hint={t`A long sentence is easier to remember than a short riddle.`}
            error={errorOf("password")}
          />
          <div className={styles.actions}>
            <Button type="submit" look="primary" busy={busy}>
              <Trans>Change password</Trans>
            </Button>
            <Button onClick={() => setOpen(false)}>
              <Trans>Cancel</Trans>
            </Button>
          </div>
        </form>
      ) : (
        <div>
          <Button onClick={() => setOpen(true)}>
            <Trans>Change password</Trans>
          </Button>
        </div>
      )}
    </Section>
  );
}
