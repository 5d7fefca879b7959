/** Apart from what the fields need, because the button that opens them asks this at once. */
import type { NewChat } from "../../api/new-chat";

/** Whether nothing is set: the provider's defaults hold. */
export function isPlain({ system_prompt, parameters }: NewChat): boolean {
  return !system_prompt && Object.keys(parameters ?? {}).length === 0;
}
