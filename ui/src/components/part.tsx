/** A part of the page that may fail, be it to load or to be drawn, without the rest. */
import { Trans, useLingui } from "@lingui/react/macro";
import { Component, type ReactNode, Suspense, useEffect } from "react";
import { Button } from "./button";
import { Notice } from "./notice";
import styles from "./part.module.css";
import { showToast } from "./toast";

interface PartProps {
  children: ReactNode;
  /** What stands there until it is loaded. */
  fallback?: ReactNode;
  /** For what lies over the page: it goes again where it fails, with a word why. */
  onClose?: () => void;
}

export class Part extends Component<PartProps, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    const { children, fallback, onClose } = this.props;
    if (!this.state.failed) return <Suspense fallback={fallback}>{children}</Suspense>;
    return onClose ? <Gone onClose={onClose} /> : <Failed />;
  }
}

function Failed() {
  return (
    <div className={styles.failed}>
      <Notice
        title={<Trans>This part of the page could not be shown.</Trans>}
        actions={
          <Button onClick={() => location.reload()}>
            <Trans>Reload the page</Trans>
          </Button>
        }
      >
        <Trans>Loquat may have been updated, or be out of reach. What you wrote is kept.</Trans>
      </Notice>
    </div>
  );
}

function Gone({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  // biome-ignore lint/correctness/useExhaustiveDependencies: told once, however often it is drawn
  useEffect(() => {
    showToast(t`This could not be shown. Loquat may have been updated: reload the page.`);
    onClose();
  }, []);
  return null;
}
