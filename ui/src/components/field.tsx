/** A labelled text field with its own error beneath it. */
import { Trans, useLingui } from "@lingui/react/macro";
import { type InputHTMLAttributes, type KeyboardEvent, useState } from "react";
import { IconButton } from "./button";
import { EyeIcon, EyeOffIcon } from "./icons";
import { Labelled, type LabelledProps } from "./labelled";

type FieldProps = InputHTMLAttributes<HTMLInputElement> & LabelledProps;

export function Field({ label, action, error, hint, type = "text", ...rest }: FieldProps) {
  const { t } = useLingui();
  const [capsLock, setCapsLock] = useState(false);
  const [visible, setVisible] = useState(false);
  const password = type === "password";

  function watchCapsLock(event: KeyboardEvent) {
    if (password) setCapsLock(event.getModifierState?.("CapsLock") ?? false);
  }

  return (
    <Labelled
      label={label}
      action={action}
      error={error}
      hint={capsLock ? <Trans>Caps lock is on.</Trans> : hint}
    >
      {(ties) => (
        <>
          <input
            {...rest}
            {...ties}
            type={password && visible ? "text" : type}
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
        </>
      )}
    </Labelled>
  );
}
