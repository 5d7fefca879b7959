import { Trans } from "@lingui/react/macro";
import { Link } from "react-router";
import styles from "./not-found-page.module.css";
import { useFrame } from "./shell";

export function NotFoundPage() {
  const { leading } = useFrame();
  return (
    <>
      <div className={styles.header}>{leading}</div>
      <div className={styles.page}>
        <h1>
          <Trans>There is nothing here.</Trans>
        </h1>
        <p>
          <Trans>The link may be wrong, or what it led to is gone.</Trans>
        </p>
        <Link to="/">
          <Trans>Begin a new chat</Trans>
        </Link>
      </div>
    </>
  );
}
