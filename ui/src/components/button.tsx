/** Buttons: `primary` for the one thing to do, `danger` for what cannot be undone, `quiet` for the rest, `icon` where a picture says it. */
import type { ButtonHTMLAttributes } from "react";
import { classNames } from "../lib/class-names";
import styles from "./button.module.css";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: "primary" | "quiet" | "danger" | "link";
  busy?: boolean;
}

export function Button({ look = "quiet", busy, className, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={classNames(styles.button, styles[look], className)}
      aria-busy={busy || undefined}
    >
      {children}
      {busy && <span className={styles.busy} aria-hidden="true" />}
    </button>
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  label: string;
}

export function IconButton({ label, className, children, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={classNames(styles.icon, className)}
      aria-label={label}
      title={label}
    >
      {children}
    </button>
  );
}
