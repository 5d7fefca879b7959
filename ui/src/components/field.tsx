/** A labelled text field with its own error beneath it. */
import { Trans, useLingui } from "@lingui/react/macro";
import { type InputHTMLAttributes, type KeyboardEvent, useId, useState } from "react";
import { IconButton } from "./button";
import styles from "./field.module.css";
import { EyeIcon, EyeOffIcon } from "./icons";

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  error?: string | null | undefined;
  hint?: string;
}

export function Field({ label, error, hint, type = "text", ...rest }: FieldProps) {
  const { t } = useLingui();
  const id = useId();
  const [capsLock, setCapsLock] = useState(false);
  const [visible, setVisible] = useState(false);
  const password = type === "password";

  function watchCapsLock(event: KeyboardEvent) {
    if (password) setCapsLock(event.getModifierState?.("CapsLock") ?? false);
  }

  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <div className={styles.box}>
        <input
          {...rest}
          id={id}
          type={password && visible ? "text" : type}
          aria-invalid={error ? true : undefined}
          aria-describedby={`${id}-note`}
          onKeyDown={watchCapsLock}
          onKeyUp={watchCapsLock}
          onBlur={() => setCapsLock(false)}
        />
        {password && (
          <IconButton
            label={visible ? t`Hide password` : t`Show password`}
            aria-pressed={visible}
            onClick={() => setVisible(!visible)}
          >
            {visible ? <EyeOffIcon size={18} /> : <EyeIcon size={18} />}
          </IconButton>
        )}
      </div>
      <div id={`${id}-note`} className={styles.note}>
        {error && (
          <span className={styles.error} role="alert">
            {error}
          </span>
        )}
        {!error && capsLock && (
          <span>
            <Trans>Caps lock is on.</Trans>
          </span>
        )}
        {!error && !capsLock && hint}
      </div>
    </div>
  );
}
