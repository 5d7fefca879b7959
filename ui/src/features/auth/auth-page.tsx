/** The page of somebody who is not signed in: one column, the mark, and a way to the other page. */
import { type ReactNode, useEffect } from "react";
import { Mark } from "../../components/mark";
import styles from "./auth.module.css";

interface AuthPageProps {
  title: string;
  children: ReactNode;
  foot: ReactNode;
}

export function AuthPage({ title, children, foot }: AuthPageProps) {
  useEffect(() => {
    document.title = `${title} · Loquat`;
  }, [title]);

  return (
    <main className={styles.page}>
      <div className={styles.column}>
        <header className={styles.header}>
          <Mark size={44} />
          <h1>{title}</h1>
        </header>
        {children}
        <p className={styles.foot}>{foot}</p>
      </div>
    </main>
  );
}
