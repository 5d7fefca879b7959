/** Why no model can be asked now, in words; `null` when one can. */
import { useLingui } from "@lingui/react/macro";

export function useHindrance(running: boolean, elsewhere: boolean, modelless: boolean) {
  const { t } = useLingui();
  if (running) return t`An answer is being written. Wait for its end, or stop it.`;
  if (elsewhere) return t`An answer is being written in another version. Wait for its end.`;
  return modelless ? t`There is no model to ask yet.` : null;
}
