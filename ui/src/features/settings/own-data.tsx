/** Taking everything along, and deleting it. */
import { Trans } from "@lingui/react/macro";
import { useState } from "react";
import { exportAddress } from "../../api/account";
import { Button } from "../../components/button";
import { DownloadIcon } from "../../components/icons";
import { DeleteAccount } from "./delete-account";
import { Section } from "./section";
import styles from "./settings.module.css";
import { StorageUsed } from "./storage-used";

export function OwnData() {
  const [deleting, setDeleting] = useState(false);
  return (
    <>
      <Section
        title={<Trans>Your data</Trans>}
        about={
          <Trans>
            Your account with all conversations and messages, as one JSON file that other programs
            can read.
          </Trans>
        }
      >
        <StorageUsed />
        <div>
          <a className={styles.download} href={exportAddress} download>
            <DownloadIcon size={18} />
            <Trans>Download everything</Trans>
          </a>
        </div>
      </Section>
      <Section
        title={<Trans>Delete account</Trans>}
        about={<Trans>Deletes everything you have here, at once and for good.</Trans>}
      >
        <div>
          <Button look="danger" onClick={() => setDeleting(true)}>
            <Trans>Delete account…</Trans>
          </Button>
        </div>
      </Section>
      {deleting && <DeleteAccount onClose={() => setDeleting(false)} />}
    </>
  );
}
