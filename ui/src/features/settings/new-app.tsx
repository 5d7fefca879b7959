/** What an authenticator app has to be told, and the first code that shows that it knows. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef } from "react";
import type { NewTotp } from "../../api/client";
import { confirmTotp, type RecoveryCodes } from "../../api/factors";
import { useSubmission } from "../../api/submission";
import { Button } from "../../components/button";
import { CopyButton } from "../../components/copy-button";
import { Field } from "../../components/field";
import factors from "./factors.module.css";
import { Failure } from "./section";
import styles from "./settings.module.css";

interface NewAppProps {
  app: NewTotp;
  onOn: (codes: RecoveryCodes) => void;
  onCancel: () => void;
}

export function NewApp({ app, onOn, onCancel }: NewAppProps) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const box = useRef<HTMLFormElement>(null);
  const { busy, errorOf, failure, run } = useSubmission(["code"]);
  const { size, path } = app.qr;

  useEffect(() => {
    box.current?.scrollIntoView({ block: "nearest" });
  }, []);

  async function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const code = String(new FormData(form).get("code"));
    await run(async () => onOn(await confirmTotp(queries, code)), form);
  }

  return (
    <form className={factors.setup} onSubmit={send} noValidate ref={box}>
      <p>
        <Trans>
          Scan this with an authenticator app, such as Aegis, FreeOTP or your password manager. Then
          write the code that it shows.
        </Trans>
      </p>
      <svg
        className={factors.qr}
        viewBox={`0 0 ${size} ${size}`}
        shapeRendering="crispEdges"
        role="img"
        aria-label={t`QR code for your authenticator app`}
      >
        <path d={path} fill="currentColor" />
      </svg>
      <div>
        <p className={styles.quiet}>
          <Trans>It cannot be scanned? Write this into the app:</Trans>
        </p>
        <div className={styles.secret}>
          <code>{app.secret.match(/.{1,4}/g)?.join(" ")}</code>
          <CopyButton text={app.secret} label={t`Copy the secret`} />
        </div>
      </div>
      <Failure words={failure} />
      <Field
        label={t`Code from your app`}
        name="code"
        autoComplete="one-time-code"
        inputMode="numeric"
        maxLength={20}
        autoFocus
        error={errorOf("code")}
      />
      <div className={styles.actions}>
        <Button type="submit" look="primary" busy={busy}>
          <Trans>Turn on</Trans>
        </Button>
        <Button onClick={onCancel}>
          <Trans>Cancel</Trans>
        </Button>
      </div>
    </form>
  );
}
