import styles from "./spinner.module.css";

/** Waits half a second before it shows itself: what is quick needs no sign. */
export function Spinner({ label }: { label: string }) {
  return (
    <div className={styles.spinner} role="status">
      <span className={styles.dot} aria-hidden="true" />
      <span className="visually-hidden">{label}</span>
    </div>
  );
}
