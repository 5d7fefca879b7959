/** A conversation's name being written anew, in its place. */
import { useLingui } from "@lingui/react/macro";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { composes } from "../../lib/composes";
import styles from "./sidebar.module.css";

interface NameFieldProps {
  name: string;
  onSave: (name: string) => void;
  onCancel: () => void;
}

export function NameField({ name, onSave, onCancel }: NameFieldProps) {
  const { t } = useLingui();
  const field = useRef<HTMLInputElement>(null);
  const over = useRef(false);

  useEffect(() => field.current?.select(), []);

  /** Leaving the field saves too, but only once. */
  function finish(keep: boolean) {
    if (over.current) return;
    over.current = true;
    if (keep) onSave(field.current?.value ?? name);
    else onCancel();
  }

  function press(event: KeyboardEvent) {
    if (composes(event.nativeEvent)) return;
    if (event.key === "Enter") finish(true);
    if (event.key !== "Escape") return;
    // Or the drawer around it would close as well.
    event.preventDefault();
    event.stopPropagation();
    finish(false);
  }

  return (
    <input
      ref={field}
      className={styles.name}
      defaultValue={name}
      maxLength={200}
      aria-label={t`New name`}
      dir="auto"
      onKeyDown={press}
      onBlur={() => finish(true)}
    />
  );
}
