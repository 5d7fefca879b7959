/** A conversation's name being written anew, in its place. */
import { useLingui } from "@lingui/react/macro";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { composes } from "../../lib/composes";
import styles from "./sidebar.module.css";

interface NameFieldProps {
  name: string;
  /** With the name, or with `null` where it stays as it was. */
  onEnd: (name: string | null, ended: "by key" | "by leaving") => void;
}

export function NameField({ name, onEnd }: NameFieldProps) {
  const { t } = useLingui();
  const field = useRef<HTMLInputElement>(null);
  const over = useRef(false);

  useEffect(() => field.current?.select(), []);

  /** Leaving the field saves too, but only once. */
  function finish(keep: boolean, ended: "by key" | "by leaving") {
    if (over.current) return;
    over.current = true;
    onEnd(keep ? (field.current?.value ?? name) : null, ended);
  }

  function press(event: KeyboardEvent) {
    if (composes(event.nativeEvent)) return;
    if (event.key === "Enter") finish(true, "by key");
    if (event.key !== "Escape") return;
    // Or the drawer around it would close as well.
    event.preventDefault();
    event.stopPropagation();
    finish(false, "by key");
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
      onBlur={() => finish(true, "by leaving")}
    />
  );
}
