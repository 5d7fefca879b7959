/** An entry of the audit log as a sentence. */
import { t } from "@lingui/core/macro";
import type { AuditEntry } from "../../api/client";

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
      return t`${actor} set a new password by a link`;
    case "key_created":
      return t`${actor} made the API key “${target}”`;
    case "key_deleted":
      return t`${actor} deleted the API key “${target}”`;
    case "invite_created":
      return administrator ? t`${actor} invited an administrator` : t`${actor} invited a member`;
    case "invite_deleted":
      return t`${actor} took an invitation back`;
  }
}
