/** The images of a question, as large as they will be before they are there. */
import { lazy, useState } from "react";
import type { Attachment } from "../../api/client";
import { Part } from "../../components/part";
import { imageSource } from "./image-source";
import styles from "./pictures.module.css";

const ImageViewer = lazy(() => import("./image-viewer"));

/** One that is at hand must not blink when its question becomes a message. */
const atHand = { decoding: "sync" } as const;
/** Of a long conversation only what is near is asked for, and after the words. */
const far = { decoding: "async", loading: "lazy", fetchPriority: "low" } as const;

export function Pictures({ images }: { images: Attachment[] }) {
  const [viewed, setViewed] = useState<Attachment | null>(null);
  const [widest, highest] = images.length > 1 ? [220, 150] : [360, 300];
  return (
    <div className={styles.pictures}>
      {images.map((image) => {
        const scale = Math.min(1, widest / image.width, highest / image.height);
        return (
          <button
            key={image.id}
            type="button"
            className={styles.picture}
            aria-haspopup="dialog"
            title={image.name}
            onClick={() => setViewed(image)}
          >
            <img
              // Before the address, at which a browser begins.
              {...(imageSource(image).startsWith("blob:") ? atHand : far)}
              src={imageSource(image)}
              alt={image.name}
              width={Math.max(1, Math.round(image.width * scale))}
              height={Math.max(1, Math.round(image.height * scale))}
            />
          </button>
        );
      })}
      {viewed && (
        <Part onClose={() => setViewed(null)}>
          <ImageViewer image={viewed} onClose={() => setViewed(null)} />
        </Part>
      )}
    </div>
  );
}
