/** What the API's codes mean to somebody who is in a conversation. */
import { t } from "@lingui/core/macro";
import type { Words } from "../../api/answer-words";
import { codeOf } from "../../api/problem";
import { describeError } from "../../api/words";

/** Why a request about a conversation failed: what is not found there is the conversation itself. */
export function describeRefusal(error: unknown): Words {
  if (codeOf(error) !== "not_found") return describeError(error);
  return {
    title: t`This conversation does not exist.`,
    advice: t`It was deleted, or the link is wrong.`,
  };
}
