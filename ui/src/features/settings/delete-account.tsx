/** The last question before an account is gone: its address has to be written and its password known. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { deleteAccount, exportAddress } from "../../api/account";
import { useUser } from "../../api/session";
import { goToMistake, useSubmission } from "../../api/submission";
import { Button } from "../../components/button";
import { Dialog } from "../../components/dialog";
import { Field } from "../../components/field";
import { Failure } from "./section";
import styles from "./settings.module.css";

export function DeleteAccount({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const email = useUser()?.email ?? "";
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState(false);
  const { busy, errorOf, failure, run } = useSubmission(["password"]);

  async function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const right = typed.trim().toLowerCase() === email;
    if (!right) return goToMistake(form, () => setWrong(true));
    const password = String(new FormData(form).get("password"));
    await run(() => deleteAccount(queries, password), form);
  }

  return (
    <Dialog open onClose={onClose} title={t`Delete your account?`}>
      <form className={styles.form} onSubmit={send}>
        <p>
          <Trans>
            All your conversations with every message, your settings and your sign-ins on all
            devices are deleted at once. Nobody can bring them back, not even whoever runs this
            server.
          </Trans>
        </p>
        <p>
          <Trans>
            To keep a copy,{" "}
            <a href={exportAddress} download>
              download everything
            </a>{" "}
            first.
          </Trans>
        </p>
        <Failure words={failure} />
        <Field
          label={t`To confirm, write ${email}`}
          type="email"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={typed}
          error={wrong ? t`This is not the address of your account.` : null}
          onChange={(event) => {
            setTyped(event.target.value);
            setWrong(false);
          }}
        />
        <Field
          label={t`Current password`}
          name="password"
          type="password"
          autoComplete="current-password"
          required
          error={errorOf("password", {
            wrong_password: t`This is not your current password.`,
            invalid: t`A password has at most 256 characters.`,
          })}
        />
        <div className={styles.actions}>
          <Button type="submit" look="danger" busy={busy}>
            <Trans>Delete for good</Trans>
          </Button>
          <Button onClick={onClose}>
            <Trans>Keep my account</Trans>
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
