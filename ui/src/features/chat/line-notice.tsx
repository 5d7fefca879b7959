/** Says that the connection is lost, when that lasts long enough to matter. */
import { Trans } from "@lingui/react/macro";
import { useEffect, useState } from "react";
import { Button } from "../../components/button";
import { OfflineIcon } from "../../components/icons";
import { Notice } from "../../components/notice";
import { useStore } from "../../lib/store";
import type { LiveAnswer } from "./follow";

export function LineNotice({ live }: { live: LiveAnswer }) {
  const lost = useStore(live.line) === "lost";
  const [shown, setShown] = useState(false);
  useEffect(() => {
    // Most breaks heal at once; nobody needs to hear of those.
    const timer = setTimeout(() => setShown(lost), lost ? 800 : 0);
    return () => clearTimeout(timer);
  }, [lost]);
  if (!shown) return null;
  return (
    <Notice
      tone="calm"
      icon={<OfflineIcon size={18} />}
      title={<Trans>The connection was lost; the answer is safe.</Trans>}
      actions={
        <Button onClick={live.retry}>
          <Trans>Try again</Trans>
        </Button>
      }
    >
      <Trans>It goes on here as soon as the server can be reached.</Trans>
    </Notice>
  );
}
