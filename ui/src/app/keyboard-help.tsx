/** The list under `?`. */
import { useLingui } from "@lingui/react/macro";
import { Dialog } from "../components/dialog";
import { keyCaps, type Shortcut } from "../lib/shortcuts";
import styles from "./keyboard-help.module.css";

export default function KeyboardHelp({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const rows: [Shortcut, string][] = [
    ["new_chat", t`New chat`],
    ["search", t`Search conversations`],
    ["previous", t`Previous conversation`],
    ["next", t`Next conversation`],
    ["focus_composer", t`Go to the message box`],
    ["stop", t`Stop the answer`],
    ["copy_answer", t`Copy the last answer`],
    ["undo", t`Undo, while that is offered`],
    ["toggle_sidebar", t`Show or hide the sidebar`],
    ["settings", t`Settings`],
    ["help", t`Show this list`],
  ];
  return (
    <Dialog open onClose={onClose} title={t`Keyboard shortcuts`}>
      <dl className={styles.list}>
        {rows.map(([name, label]) => (
          <div key={name} className={styles.row}>
            <dt>{label}</dt>
            <dd>
              {keyCaps(name).map((cap) => (
                <kbd key={cap}>{cap}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
