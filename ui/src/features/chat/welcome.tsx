/** The empty state: one sentence, the box in the middle, three suggestions. */
import { Trans, useLingui } from "@lingui/react/macro";
import type { ReactNode } from "react";
import styles from "./chat.module.css";

interface WelcomeProps {
  name: string | null;
  onSuggest: (text: string) => void;
  children: ReactNode;
}

export function Welcome({ name, onSuggest, children }: WelcomeProps) {
  const { t } = useLingui();
  const suggestions = [
    [
      t`Explain something`,
      t`Explain how a suspension bridge carries its load, as to a curious ten-year-old.`,
    ],
    [t`Improve a text`, `${t`Make this email shorter and friendlier, and keep every fact:`}\n\n`],
    [
      t`Write some code`,
      t`Write a Python function that finds duplicate files in a folder, and explain how it works.`,
    ],
  ] as const;
  return (
    <div className={styles.welcome}>
      <div className={styles.middle}>
        <h1>
          {name ? (
            <Trans>What is on your mind, {name}?</Trans>
          ) : (
            <Trans>What is on your mind?</Trans>
          )}
        </h1>
        {children}
        <ul className={styles.suggestions}>
          {suggestions.map(([label, text]) => (
            <li key={label}>
              <button type="button" onClick={() => onSuggest(text)}>
                {label}
              </button>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
