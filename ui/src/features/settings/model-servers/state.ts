/** How a model server is, in words: what is wrong, and what to do about it. */
import { plural } from "@lingui/core/macro";
import { useLingui } from "@lingui/react/macro";
import { sentence } from "../../../api/answer-words";
import type { ProviderState } from "../../../api/client";

interface Shown {
  state: ProviderState;
  detail?: string | null;
  model_count?: number | null;
}

export interface StateWords {
  label: string;
  /** What to do; nothing where all is well. */
  advice: string;
  tone: "well" | "quiet" | "trouble";
}

/** Why an address that is one may not be asked. */
export function useRefusedAddress(): string {
  const { t } = useLingui();
  return t`It leads to this server's own machine or network, or would carry a key without HTTPS. Whoever runs this server can allow it with LOQUAT_ALLOWED_PROVIDER_HOSTS.`;
}

export function useStateWords(): (server: Shown) => StateWords {
  const { t } = useLingui();
  const refused = useRefusedAddress();
  const trouble = (label: string, advice: string): StateWords => ({
    label,
    advice,
    tone: "trouble",
  });
  return ({ state, detail, model_count }) => {
    switch (state) {
      case "works":
        return {
          label: plural(model_count ?? 0, { one: "# model", other: "# models" }),
          advice: "",
          tone: "well",
        };
      case "disabled":
        return { label: t`Switched off`, advice: "", tone: "quiet" };
      case "unknown":
        return { label: t`Not asked yet`, advice: "", tone: "quiet" };
      case "no_models":
        return trouble(
          t`Lists no models`,
          t`Check that its address is right; it usually ends in /v1. Where it never lists any, name them below.`,
        );
      case "unreachable":
        return trouble(
          t`Cannot be reached`,
          t`Check that it is running, that its address is right, and that this server can reach it.`,
        );
      case "address_refused":
        return trouble(t`Address not allowed`, refused);
      case "key_refused":
        return trouble(t`Key refused`, t`Enter the key that it gave you, or a new one.`);
      case "key_unreadable":
        return trouble(
          t`Key unreadable`,
          t`It was stored under another SECRET_KEY. Enter it again, unless whoever runs this server brings that back.`,
        );
      default:
        return trouble(t`Answers with an error`, detail ? sentence(detail) : "");
    }
  };
}
