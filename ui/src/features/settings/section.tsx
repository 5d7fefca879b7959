/** One subject of the settings: its name, a sentence about it, and what can be done. */
import { type ReactNode, useId } from "react";
import type { Words } from "../../api/words";
import { Notice } from "../../components/notice";
import styles from "./settings.module.css";

interface SectionProps {
  title: ReactNode;
  about?: ReactNode;
  children: ReactNode;
}

export function Section({ title, about, children }: SectionProps) {
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {about && <p className={styles.about}>{about}</p>}
      {children}
    </section>
  );
}

export function Failure({ words }: { words: Words | null }) {
  return words && <Notice title={words.title}>{words.advice}</Notice>;
}
