/** How much one has stored, and may. */
import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { storageQuery } from "../../api/limits";
import { Notice } from "../../components/notice";
import { sayBytes } from "../../lib/size";
import styles from "./settings.module.css";

/** From here on somebody had better know. */
const NEARLY = 0.9;

export function StorageUsed() {
  const { t, i18n } = useLingui();
  const { data } = useQuery(storageQuery);
  if (!data) return null;
  const used = sayBytes(data.used_bytes, i18n.locale);
  const most = data.most_bytes ? sayBytes(data.most_bytes, i18n.locale) : null;
  const isNearly = (there: number, most?: number | null) => !!most && there >= most * NEARLY;
  const nearlyFull =
    isNearly(data.used_bytes, data.most_bytes) ||
    isNearly(data.conversations, data.most_conversations);
  return (
    <>
      <p className={styles.quiet}>
        {most ? (
          <Trans>
            {used} of {most} stored
          </Trans>
        ) : (
          <Trans>{used} stored</Trans>
        )}{" "}
        · <Plural value={data.conversations} one="# conversation" other="# conversations" />
      </p>
      {nearlyFull && (
        <Notice tone="calm" title={t`There is little room left.`}>
          <Trans>
            Delete conversations that you no longer need, or ask whoever runs this server for more
            room. When there is none, nothing new can be asked; all that is there can still be read.
          </Trans>
        </Notice>
      )}
    </>
  );
}
