/** What every field has around it: its label, what resets it, and its help or error beneath. */
import { type ReactNode, useId } from "react";
import styles from "./field.module.css";

export interface LabelledProps {
  label: ReactNode;
  /** Beside the label, such as a way back to the default. */
  action?: ReactNode;
  error?: string | null | undefined;
  hint?: ReactNode;
}

/** What ties a field to its label and to what is said about it. */
export interface Ties {
  id: string;
  "aria-invalid": true | undefined;
  "aria-describedby": string;
}

interface Props extends LabelledProps {
  children: (ties: Ties) => ReactNode;
}

export function Labelled({ label, action, error, hint, children }: Props) {
  const id = useId();
  const note = `${id}-note`;
  return (
    <div className={styles.field}>
      <div className={styles.head}>
        <label htmlFor={id}>{label}</label>
        {action}
      </div>
      <div className={styles.box}>
        {children({ id, "aria-invalid": error ? true : undefined, "aria-describedby": note })}
      </div>
      <div id={note} className={styles.note}>
        {error ? (
          <span className={styles.error} role="alert">
            {error}
          </span>
        ) : (
          hint
        )}
      </div>
    </div>
  );
}
