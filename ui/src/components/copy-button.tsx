/** Copies a text and says for a moment that it did. */
import { useLingui } from "@lingui/react/macro";
import { useEffect, useState } from "react";
import { IconButton } from "./button";
import { copyOrTell } from "./copy-or-tell";
import { CheckIcon, CopyIcon } from "./icons";

export function CopyButton({ text, label }: { text: string | (() => string); label: string }) {
  const { t } = useLingui();
  const [copied, setCopied] = useState(false);

  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1600);
    return () => clearTimeout(timer);
  }, [copied]);

  async function copy() {
    setCopied(await copyOrTell(typeof text === "string" ? text : text()));
  }

  return (
    <IconButton label={copied ? t`Copied` : label} onClick={copy}>
      {copied ? <CheckIcon size={18} /> : <CopyIcon size={18} />}
    </IconButton>
  );
}
