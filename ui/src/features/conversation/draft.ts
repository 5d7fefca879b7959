/** How a conversation is to answer, as it is typed and as it is sent. Empty is the provider's default. */
import { i18n } from "@lingui/core";
import { t } from "@lingui/core/macro";
import type { Parameters, Project } from "../../api/client";
import type { NewChat } from "../../api/new-chat";
import { readNumber, writeNumber } from "../../lib/amount";

export interface Draft {
  system_prompt: string;
  temperature: string;
  top_p: string;
  max_tokens: string;
  reasoning_effort: string;
  extra: string;
}

export type Mistakes = Partial<Record<keyof Draft, string>>;

export const longestPrompt = 32_768;
const longestExtra = 8 * 1024;
/** What has a field of its own, or is up to the conversation: the server passes none of them on. */
export const reserved = [
  "model",
  "messages",
  "stream",
  "stream_options",
  "n",
  "temperature",
  "top_p",
  "max_tokens",
  "max_completion_tokens",
  "reasoning_effort",
  "continue_final_message",
  "add_generation_prompt",
];
const limits = { temperature: 2, top_p: 1, max_tokens: 10_000_000 } as const;

export function draftOf(
  settings: Pick<Project, "system_prompt" | "parameters"> | NewChat | null,
): Draft {
  const { temperature, top_p, max_tokens, reasoning_effort, extra } = settings?.parameters ?? {};
  const text = (value: number | null | undefined) =>
    value == null ? "" : writeNumber(value, i18n.locale);
  return {
    system_prompt: settings?.system_prompt ?? "",
    temperature: text(temperature),
    top_p: text(top_p),
    max_tokens: text(max_tokens),
    reasoning_effort: reasoning_effort ?? "",
    extra: extra && Object.keys(extra).length > 0 ? JSON.stringify(extra, null, 2) : "",
  };
}

/** What to send, and what is wrong with it. An empty prompt and empty parameters remove what was set. */
export function readDraft(draft: Draft): { settings: Required<NewChat>; mistakes: Mistakes } {
  const mistakes: Mistakes = {};
  const parameters: Parameters = {};
  const temperature = upTo(draft.temperature, limits.temperature);
  if (temperature === undefined) mistakes.temperature = t`Write a number from 0 to 2.`;
  else if (temperature !== null) parameters.temperature = temperature;
  const topP = upTo(draft.top_p, limits.top_p);
  if (topP === undefined) mistakes.top_p = t`Write a number from 0 to 1.`;
  else if (topP !== null) parameters.top_p = topP;
  const tokens = upTo(draft.max_tokens, limits.max_tokens);
  if (tokens === undefined || (tokens !== null && (tokens < 1 || !Number.isInteger(tokens))))
    mistakes.max_tokens = t`Write a whole number from 1 to 10,000,000.`;
  else if (tokens !== null) parameters.max_tokens = tokens;
  if (draft.reasoning_effort) parameters.reasoning_effort = draft.reasoning_effort;
  const extra = readObject(draft.extra);
  const refused = reserved.find((name) => extra && name in extra);
  if (extra === undefined)
    mistakes.extra = t`This is no JSON object: it begins and ends with a curly bracket.`;
  else if (new TextEncoder().encode(JSON.stringify(extra)).length > longestExtra)
    mistakes.extra = t`This is too long: at most 8 KB are passed on.`;
  else if (refused) {
    mistakes.extra = t`“${refused}” cannot be passed on: it has a field of its own, or the conversation decides it.`;
  } else if (extra) parameters.extra = extra;
  if (draft.system_prompt.length > longestPrompt)
    mistakes.system_prompt = t`This is too long: at most 32,768 characters are kept.`;
  return { settings: { system_prompt: draft.system_prompt.trim(), parameters }, mistakes };
}

/** `null` when empty, `undefined` when it is no number from 0 to `most`. */
function upTo(text: string, most: number): number | null | undefined {
  if (text.trim() === "") return null;
  // A comma that groups nothing is the point of somebody who writes it so everywhere.
  const value = readNumber(text, i18n.locale) ?? readNumber(text.replace(",", "."), i18n.locale);
  return value !== null && value <= most ? value : undefined;
}

function readObject(text: string): Record<string, unknown> | null | undefined {
  if (text.trim() === "") return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
