/** A block of code: its language, a copy button, and colours once it stands still. */
import { useLingui } from "@lingui/react/macro";
import { useEffect, useState } from "react";
import { CopyButton } from "../copy-button";
import { CodeLines } from "./code-lines";
import { Diagram } from "./diagram";
import { highlight, type Piece } from "./highlight";
import styles from "./markdown.module.css";
import "./syntax.css";

interface Coloured {
  code: string;
  pieces: Piece[];
}

interface CodeBlockProps {
  code: string;
  language: string;
  /** Whether its last line is there. */
  closed: boolean;
}

export function CodeBlock({ code, language, closed }: CodeBlockProps) {
  const { t } = useLingui();
  const [coloured, setColoured] = useState<Coloured | null>(null);

  useEffect(() => {
    if (!language) return;
    let current = true;
    // Code that is still being written changes every frame; this waits until it rests.
    const timer = setTimeout(async () => {
      const pieces = await highlight(code, language);
      if (current && pieces) setColoured({ code, pieces });
    }, 120);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [code, language]);

  const known = coloured && code.startsWith(coloured.code) ? coloured : null;
  const source = (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll, so the keyboard must reach them.
    <pre tabIndex={0}>
      <code>
        <CodeLines code={code} pieces={known?.pieces ?? null} />
      </code>
    </pre>
  );
  if (language === "mermaid" && closed) return <Diagram text={code}>{source}</Diagram>;
  return (
    <figure className={styles.code} dir="ltr">
      <figcaption>
        <span>{language || t`text`}</span>
        <CopyButton text={code} label={t`Copy code`} />
      </figcaption>
      {source}
    </figure>
  );
}
