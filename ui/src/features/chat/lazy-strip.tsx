/** The strip of images, loaded with the first of them and kept to say that the last one is gone. */
import { lazy, useState } from "react";
import { Part } from "../../components/part";
import styles from "./composer.module.css";
import type { Picture } from "./tray";

const ImageStrip = lazy(() => import("./image-strip"));

export function LazyStrip(props: { pictures: Picture[]; imageless: string | null }) {
  const some = props.pictures.length > 0;
  const [needed, setNeeded] = useState(some);
  if (some && !needed) setNeeded(true);
  return (
    needed && (
      <Part fallback={<div className={styles.strip} />}>
        <ImageStrip {...props} />
      </Part>
    )
  );
}
