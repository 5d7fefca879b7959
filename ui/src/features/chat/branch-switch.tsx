/** ‹ 2/3 ›: which of the versions that stand in this place is shown. */
import { Trans, useLingui } from "@lingui/react/macro";
import type { Message } from "../../api/client";
import { ChevronLeftIcon, ChevronRightIcon } from "../../components/icons";
import styles from "./branch-switch.module.css";
import type { Branching } from "./branching";
import { MessageAction } from "./message-action";

export function BranchSwitch({ message, branching }: { message: Message; branching: Branching }) {
  const { t } = useLingui();
  const { siblings } = message;
  const at = siblings.indexOf(message.id);
  if (siblings.length < 2 || at < 0) return null;
  const place = at + 1;
  const count = siblings.length;
  const to = (index: number) => (row: HTMLElement) => {
    const sibling = siblings[index];
    if (sibling) branching.show(message, sibling, row);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for what is filled in.
    <div className={styles.switch} role="group" aria-label={t`Versions`}>
      <MessageAction label={t`Previous version`} disabled={at === 0} onPress={to(at - 1)}>
        <ChevronLeftIcon size={18} />
      </MessageAction>
      <span aria-live="polite">
        <span aria-hidden="true">
          {place}/{count}
        </span>
        <span className="visually-hidden">
          <Trans>
            Version {place} of {count}
          </Trans>
        </span>
      </span>
      <MessageAction label={t`Next version`} disabled={place === count} onPress={to(place)}>
        <ChevronRightIcon size={18} />
      </MessageAction>
    </div>
  );
}
