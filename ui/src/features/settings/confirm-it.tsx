/** Asks who is there before something about their sign-in changes: the password, and a second factor if there is one. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import type { Confirmation } from "../../api/client";
import { factorsQuery } from "../../api/factors";
import { knowsPasskeys, showPasskey } from "../../api/passkeys";
import { useUser } from "../../api/session";
import { useSubmission } from "../../api/submission";
import { Button } from "../../components/button";
import { Dialog } from "../../components/dialog";
import { Field } from "../../components/field";
import { KeyIcon } from "../../components/icons";
import { Failure } from "./section";
import styles from "./settings.module.css";

interface ConfirmItProps {
  title: string;
  /** What happens then. */
  about: ReactNode;
  submit: ReactNode;
  danger?: boolean;
  /** A further field, such as a name. */
  children?: ReactNode;
  /** Does it. The form has what was written in `children`. */
  onConfirm: (confirmation: Confirmation, form: FormData) => Promise<void>;
  onClose: () => void;
}

export function ConfirmIt(props: ConfirmItProps) {
  const { title, about, submit, danger, children, onConfirm, onClose } = props;
  const { t } = useLingui();
  const user = useUser();
  const factors = useQuery(factorsQuery).data;
  const [recovering, setRecovering] = useState(false);
  const asksCode = !!factors?.is_on;
  const hasApp = !!factors?.totp_since;
  const hasPasskey = !!factors?.passkeys && factors.passkeys_possible && knowsPasskeys();
  const field = recovering || !hasApp ? "recovery_code" : "code";
  const { busy, errorOf, failure, run } = useSubmission(["password", "code", "recovery_code"]);

  async function confirm(form: HTMLFormElement, byPasskey: boolean) {
    const written = new FormData(form);
    const said = String(written.get(field) ?? "").trim();
    await run(async () => {
      const confirmation: Confirmation = { password: String(written.get("password")) };
      if (byPasskey) {
        const passkey = await showPasskey();
        if (!passkey) return;
        confirmation.passkey = passkey;
      } else if (said) {
        confirmation[field] = said;
      }
      await onConfirm(confirmation, written);
    }, form);
  }

  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    void confirm(event.currentTarget, false);
  }

  return (
    <Dialog open onClose={onClose} title={title} steady>
      <form className={styles.form} onSubmit={send} noValidate>
        <p>{about}</p>
        <Failure words={failure} />
        {/* So that a password manager knows whose password it is. */}
        <input type="hidden" name="username" autoComplete="username" value={user?.email ?? ""} />
        {children}
        <Field
          label={t`Your password`}
          name="password"
          type="password"
          autoComplete="current-password"
          error={errorOf("password")}
        />
        {asksCode && (
          <Field
            key={field}
            label={field === "code" ? t`Code from your app` : t`Recovery code`}
            name={field}
            autoComplete={field === "code" ? "one-time-code" : "off"}
            inputMode={field === "code" ? "numeric" : "text"}
            autoCapitalize="none"
            spellCheck={false}
            maxLength={40}
            action={
              hasApp && (
                <Button look="link" onClick={() => setRecovering(!recovering)}>
                  {field === "code" ? (
                    <Trans>Use a recovery code</Trans>
                  ) : (
                    <Trans>Use the code from your app</Trans>
                  )}
                </Button>
              )
            }
            error={errorOf(field) ?? (field === "code" ? null : errorOf("code"))}
          />
        )}
        <div className={styles.actions}>
          <Button type="submit" look={danger ? "danger" : "primary"} busy={busy}>
            {submit}
          </Button>
          {asksCode && hasPasskey && (
            <Button
              onClick={(event) => {
                const { form } = event.currentTarget;
                if (form) void confirm(form, true);
              }}
            >
              <KeyIcon size={18} />
              <Trans>With a passkey instead</Trans>
            </Button>
          )}
          <Button onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
