/** An entry of the audit log as a sentence. */
import { i18n } from "@lingui/core";
import { t } from "@lingui/core/macro";
import type { AuditEntry } from "../../api/client";
import { limitWords, sayLimit } from "./limits/words";

/** A limit as it is called where it is set; one that this page does not know keeps the server's word. */
function sayChangedLimit(actor: string, details: AuditEntry["details"]): string {
  const { limit = "", before = "", after = "", how } = details;
  const words = limitWords().find(([name]) => name === limit)?.[1];
  const title = words?.title ?? limit;
  const say = (value: string) => sayLimit(Number(value), words?.unit !== undefined, i18n.locale);
  const was = say(before);
  const is = say(after);
  return how === "taken_back"
    ? t`${actor} took the limit “${title}” back from ${was} to ${is}, as started`
    : t`${actor} changed the limit “${title}” from ${was} to ${is}`;
}

export function sayEntry(entry: AuditEntry): string {
  const { action, details, actor_id, target_id } = entry;
  const actor = entry.actor_email ?? t`The command line`;
  const target = entry.target_label ?? "";
  const administrator = details.role === "admin";
  switch (action) {
    case "user_registered":
      if (!details.invite_id) return t`${actor} registered`;
      return administrator
        ? t`${actor} registered as an administrator, with an invitation`
        : t`${actor} registered with an invitation`;
    case "user_created":
      return administrator
        ? t`${actor} made an administrator’s account for ${target}`
        : t`${actor} made an account for ${target}`;
    case "user_deleted":
      return actor_id === target_id
        ? t`${actor} deleted their own account`
        : t`${actor} deleted the account of ${target}`;
    case "user_deactivated":
      return t`${actor} deactivated ${target}`;
    case "user_activated":
      return t`${actor} activated ${target} again`;
    case "user_role_changed":
      return administrator
        ? t`${actor} made ${target} an administrator`
        : t`${actor} made ${target} a member`;
    case "user_renamed":
      return t`${actor} changed the name of ${target}`;
    case "password_changed":
      return t`${actor} changed their password`;
    case "reset_link_created":
      return t`${actor} made a password link for ${target}`;
    case "password_reset":
      return entry.actor_email
        ? t`${actor} set a new password by a link`
        : t`${actor} gave ${target} a new password`;
    case "key_created":
      return t`${actor} made the API key “${target}”`;
    case "key_deleted":
      return t`${actor} deleted the API key “${target}”`;
    case "invite_created":
      return administrator ? t`${actor} invited an administrator` : t`${actor} invited a member`;
    case "invite_deleted":
      return t`${actor} took an invitation back`;
    case "factor_added":
      return details.factor === "app"
        ? t`${actor} set up an authenticator app`
        : t`${actor} added a passkey`;
    case "factor_removed":
      return details.factor === "app"
        ? t`${actor} removed their authenticator app`
        : t`${actor} removed a passkey`;
    case "factors_reset":
      return t`${actor} took every second factor from ${target}`;
    case "sessions_ended":
      return target ? t`${actor} signed ${target} out` : t`${actor} signed everybody out`;
    case "provider_created":
      return t`${actor} added the model server “${target}”`;
    case "provider_changed":
      return t`${actor} changed the model server “${target}”`;
    case "provider_deleted":
      return t`${actor} deleted the model server “${target}”`;
    case "model_changed": {
      const model = details.model ?? "";
      return t`${actor} changed what holds for ${model} of “${target}”`;
    }
    case "limit_changed":
      return sayChangedLimit(actor, details);
    case "secret_rotated":
      return t`${actor} replaced the secret key`;
  }
}
