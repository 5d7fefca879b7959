/** The shortcut that copies the last answer, as far as it is written. */
import { useLingui } from "@lingui/react/macro";
import type { Message } from "../../api/client";
import { copyOrTell } from "../../components/copy-or-tell";
import { showToast } from "../../components/toast";
import { useShortcut } from "../../lib/shortcuts";
import type { LiveAnswer } from "./follow";

export function useCopyAnswer(messages: Message[] | null, live: LiveAnswer | null): void {
  const { t } = useLingui();
  useShortcut("copy_answer", async () => {
    const answer = messages?.findLast(({ role }) => role === "assistant");
    const words = answer && (live?.answer.get().shown.content || answer.content);
    if (words && (await copyOrTell(words))) showToast(t`Answer copied`, undefined, 2500);
  });
}
