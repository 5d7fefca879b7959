/** The whole conversation, to take along. */
import { Trans, useLingui } from "@lingui/react/macro";
import type { Message } from "../../api/client";
import { fetchAllMessages } from "../../api/messages";
import { CopyIcon, DownloadIcon, MoreIcon } from "../../components/icons";
import { Menu, MenuItem } from "../../components/menu";
import { showToast } from "../../components/toast";
import { copyText } from "../../lib/clipboard";
import { download } from "../../lib/download";
import styles from "./chat.module.css";
import { fileName, toMarkdown } from "./markdown-export";
import { describeRefusal } from "./words";

interface ConversationMenuProps {
  projectId: string;
  name: string;
  /** Everything, if it is loaded: a browser lets a page copy only at once. */
  loaded: Message[] | null;
}

export function ConversationMenu({ projectId, name, loaded }: ConversationMenuProps) {
  const { t } = useLingui();

  async function markdown(): Promise<string | null> {
    try {
      return toMarkdown(name, loaded ?? (await fetchAllMessages(projectId)), {
        question: t`Question`,
        answer: (model) => (model ? t`Answer (${model})` : t`Answer`),
        image: (name) => t`Image: ${name}`,
      });
    } catch (error) {
      const { title, advice } = describeRefusal(error);
      showToast(`${title} ${advice}`.trim());
      return null;
    }
  }

  async function save() {
    const text = await markdown();
    if (text !== null) download(fileName(name), text, "text/markdown");
  }

  async function copy() {
    const text = await markdown();
    if (text === null) return;
    if (await copyText(text)) showToast(t`Conversation copied`, undefined, 2500);
    else showToast(t`The browser did not let it be copied.`, { label: t`Download`, run: save });
  }

  return (
    <Menu
      label={t`More for this conversation`}
      align="end"
      buttonClass={styles.more}
      button={<MoreIcon />}
    >
      <MenuItem onChoose={() => void copy()}>
        <CopyIcon />
        <Trans>Copy as Markdown</Trans>
      </MenuItem>
      <MenuItem onChoose={() => void save()}>
        <DownloadIcon />
        <Trans>Download as Markdown</Trans>
      </MenuItem>
    </Menu>
  );
}
