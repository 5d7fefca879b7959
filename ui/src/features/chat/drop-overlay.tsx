/** Says that what hangs over the page can be dropped. */
import { Trans } from "@lingui/react/macro";
import { ImageIcon } from "../../components/icons";
import styles from "./chat.module.css";

export function DropOverlay() {
  return (
    <div className={styles.drop}>
      <p>
        <ImageIcon />
        <Trans>Drop images here</Trans>
      </p>
    </div>
  );
}
