/** What a key may do, in words. */
import { useLingui } from "@lingui/react/macro";
import type { Scope } from "../../api/client";

export function useScopes(): Record<Scope, { name: string; about: string }> {
  const { t } = useLingui();
  return {
    read: { name: t`Read`, about: t`Sees what you have here, and changes nothing.` },
    chat: {
      name: t`Chat`,
      about: t`Asks, and does everything else you can do with conversations.`,
    },
    admin: { name: t`Administer`, about: t`Runs this server as well, such as inviting people.` },
  };
}
