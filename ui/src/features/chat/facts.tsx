/** Which model it was, and what it cost. */
import { Plural, Trans, useLingui } from "@lingui/react/macro";
import type { Message, Usage } from "../../api/client";
import styles from "./message.module.css";

export function Facts({ message }: { message: Message }) {
  const { t, i18n } = useLingui();
  const { model, usage } = message;
  const seconds = (Date.parse(message.updated_at) - Date.parse(message.created_at)) / 1000;
  return (
    <span className={styles.facts}>
      {model && <span>{model}</span>}
      {usage?.completion_tokens != null && <Tokens count={usage.completion_tokens} usage={usage} />}
      {usage?.cached && (
        <span title={t`The same question was answered before, so this cost nothing.`}>
          <Trans>from the cache</Trans>
        </span>
      )}
      {seconds >= 0.1 && seconds < 3600 && (
        <span>{i18n.number(seconds, { maximumFractionDigits: 1 })} s</span>
      )}
    </span>
  );
}

function Tokens({ count, usage }: { count: number; usage: Usage }) {
  const { t } = useLingui();
  const tokens = <Plural value={count} one="# token" other="# tokens" />;
  if (!usage.estimated) return <span>{tokens}</span>;
  return (
    <span title={t`Estimated by the length of the text; the provider did not count.`}>
      <span aria-hidden="true">≈ </span>
      <span className="visually-hidden">
        <Trans>about</Trans>{" "}
      </span>
      {tokens}
    </span>
  );
}
