/** Asks for the next page when the end of the list comes near. */
import { useLingui } from "@lingui/react/macro";
import { Reach } from "../../components/reach";

export function LoadMore(props: { busy: boolean; failed: boolean; onReached: () => void }) {
  const { t } = useLingui();
  return <Reach {...props} label={t`Loading more`} margin="300px" />;
}
