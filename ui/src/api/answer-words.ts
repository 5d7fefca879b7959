/** What became of an answer, in words for a person: whose fault it is, and what to do. */
import { t } from "@lingui/core/macro";
import { clockTime } from "../lib/clock-time";
import type { Problem } from "./problem";

export interface Words {
  title: string;
  advice: string;
}

type Failed = Pick<Problem, "code" | "detail"> & { retry_at?: string | null };

/** Why an answer failed. */
export function describeFailure({ code, detail, retry_at }: Failed): Words {
  const known = retry_at ? Date.parse(retry_at) : Number.NaN;
  const time = known > Date.now() ? clockTime(known) : null;
  switch (code) {
    case "provider_unreachable":
      return {
        title: t`The model's provider could not be reached.`,
        advice: t`Your message is saved. Check that the provider is running and that the server can reach it, then try again.`,
      };
    case "provider_address_refused":
      return {
        title: t`The model's provider is at an address that is not allowed.`,
        advice: t`Your message is saved. An administrator can see in the settings what has to change; another model may work meanwhile.`,
      };
    case "provider_key_unreadable":
      return {
        title: t`The key of the model's provider cannot be read.`,
        advice: t`Your message is saved. An administrator has to enter the key again in the settings; another model may work meanwhile.`,
      };
    case "provider_timeout":
      return {
        title: t`The model took too long to begin.`,
        advice: t`The provider is probably overloaded. Try again in a moment, or choose another model.`,
      };
    case "provider_stalled":
      return {
        title: t`The model fell silent in the middle of its answer.`,
        advice: t`What it wrote is kept. The fault is the provider's; go on from here, or choose another model.`,
      };
    case "provider_cut_off":
      return {
        title: t`The provider broke off the connection.`,
        advice: t`What it wrote is kept, and the answer can go on from here.`,
      };
    case "provider_key_refused":
      return {
        title: t`The provider refused this server's key.`,
        advice: t`Nothing you wrote is wrong. Whoever runs this server has to renew the key; another model may work meanwhile.`,
      };
    case "provider_rate_limited":
      return {
        title: t`The provider is receiving too many questions at once.`,
        advice: time
          ? t`Try again after ${time}, or choose another model.`
          : t`Wait a moment and try again, or choose another model.`,
      };
    case "provider_quota":
      return {
        title: t`The credit with this provider is used up.`,
        advice: t`Whoever runs this server has to top it up; another model may work meanwhile.`,
      };
    case "provider_error":
      return {
        title: t`The provider had an error of its own.`,
        advice: time
          ? t`It asks for some rest. Try again after ${time}, or choose another model.`
          : t`This is usually brief. Try again in a moment, or choose another model.`,
      };
    case "provider_bad_response":
      return {
        title: t`The provider answered with something unreadable.`,
        advice: t`Whoever runs this server should check that its address belongs to an OpenAI-compatible API.`,
      };
    case "model_not_found":
    case "model_unknown":
      return {
        title: t`This model does not exist any more.`,
        advice: t`Choose another model and try again.`,
      };
    case "context_too_long":
      return {
        title: t`This conversation is too long for the model.`,
        advice: t`Begin a new chat, shorten your message, or choose a model with a longer memory.`,
      };
    case "content_filtered":
      return {
        title: t`The provider's filter blocked this answer.`,
        advice: t`Try other words, or choose another model.`,
      };
    case "answer_too_long":
      return {
        title: t`The answer reached the longest length this server keeps.`,
        advice: t`What was written is kept, and the answer can go on from here.`,
      };
    case "internal":
      return {
        title: t`This server had an error while the answer was being written.`,
        advice: t`It is not your fault, and it has been logged. Try again; if it keeps happening, tell whoever runs this server.`,
      };
    case "deleted":
      return {
        title: t`This conversation was deleted while the answer was being written.`,
        advice: "",
      };
    default:
      return {
        title: t`The answer could not be finished.`,
        advice:
          sentence(detail) || t`Try again; if it keeps happening, tell whoever runs this server.`,
      };
  }
}

/** Why a model ended an answer by itself; `null` where it had simply said everything. */
export function describeEnding(reason: string | null | undefined): Words | null {
  switch (reason) {
    case "stop":
    case "":
    case null:
    case undefined:
      return null;
    case "length":
      return {
        title: t`The model reached the longest answer it may give.`,
        advice: t`It can go on from here.`,
      };
    case "content_filter":
      return {
        title: t`The provider's filter ended this answer.`,
        advice: t`Ask in other words, or choose another model.`,
      };
    case "refusal":
      return {
        title: t`The model declined to answer; these are its own words.`,
        advice: t`Ask in other words, or choose another model.`,
      };
    case "tool_calls":
      return {
        title: t`The model wanted to use a tool, and there are none here.`,
        advice: t`Ask it to answer from what it knows, or choose another model.`,
      };
    default:
      return {
        title: t`The model ended this answer for a reason of its provider's: “${reason}”.`,
        advice: t`If something is missing, ask for it.`,
      };
  }
}

/** The API's sentences begin in lower case and end without a stop. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  const begun = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(begun) || begun === "" ? begun : `${begun}.`;
}
