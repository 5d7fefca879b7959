/** The codes for when everything else is lost, which are shown this once. */
import { Trans, useLingui } from "@lingui/react/macro";
import { Button } from "../../components/button";
import { CopyButton } from "../../components/copy-button";
import { DownloadIcon } from "../../components/icons";
import { download } from "../../lib/download";
import factors from "./factors.module.css";
import styles from "./settings.module.css";
import { ShownOnceBox } from "./shown-once";

interface RecoveryCodesProps {
  codes: readonly string[];
  onDone: () => void;
}

export function RecoveryCodes({ codes, onDone }: RecoveryCodesProps) {
  const { t } = useLingui();
  const text = `${codes.join("\n")}\n`;

  return (
    <ShownOnceBox title={t`Your recovery codes`}>
      <p>
        <Trans>
          Keep them where you keep important papers: they are not shown again. Each lets you in once
          when your phone or passkey is lost.
        </Trans>
      </p>
      <ul className={factors.codes}>
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div className={styles.actions}>
        <Button onClick={onDone} look="primary">
          <Trans>I have kept them</Trans>
        </Button>
        <Button onClick={() => download("loquat-recovery-codes.txt", text, "text/plain")}>
          <DownloadIcon size={18} />
          <Trans>Download</Trans>
        </Button>
        <CopyButton text={text} label={t`Copy all codes`} />
      </div>
    </ShownOnceBox>
  );
}
