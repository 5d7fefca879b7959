/** The images that will go with a question, above its words. Loaded with the first of them. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useEffect, useRef, useState } from "react";
import { imageLimits } from "../../api/attachments";
import { Button } from "../../components/button";
import { AlertIcon, CloseIcon } from "../../components/icons";
import { showToast } from "../../components/toast";
import { coarsePointer } from "../../lib/media";
import { imageSource } from "./image-source";
import styles from "./image-strip.module.css";
import type { Picture } from "./tray";
import { isWorthTrying, remove, tooMany, upload, whyNotSent } from "./upload";

interface ImageStripProps {
  pictures: Picture[];
  /** The model that takes none, if it is one. */
  imageless: string | null;
}

export default function ImageStrip({ pictures, imageless }: ImageStripProps) {
  const { t } = useLingui();
  const { most } = imageLimits();
  const strip = useRef<HTMLDivElement>(null);
  const [said, setSaid] = useState("");
  const known = useRef<Set<string>>(null);

  useEffect(() => {
    const there = pictures.filter(({ attachment }) => attachment);
    // Those of a draft that is opened are read by whoever wants to.
    known.current ??= new Set(there.filter(({ image }) => !image).map(({ key }) => key));
    for (const { key, name } of there) {
      if (!known.current.has(key)) setSaid(t`Image ${name} attached`);
      known.current.add(key);
    }
  }, [pictures, t]);

  function takeAway(picture: Picture) {
    const at = pictures.indexOf(picture);
    const next = pictures[at + 1] ?? pictures[at - 1];
    remove(picture);
    setSaid(t`Image ${picture.name} removed`);
    focusAfter(next);
  }

  /** The button that had the focus is gone. */
  function focusAfter(next: Picture | undefined) {
    const button = next && strip.current?.querySelector<HTMLElement>(`[data-remove="${next.key}"]`);
    if (button) button.focus();
    // On a phone the keyboard would come up.
    else if (!matchMedia(coarsePointer).matches) {
      strip.current?.parentElement?.querySelector("textarea")?.focus();
    }
  }

  async function lookWhether(picture: Picture) {
    const { attachment, name } = picture;
    if (!attachment) return;
    const response = await fetch(`/api/attachments/${attachment.id}`).catch(() => null);
    if (response?.status !== 404) return;
    remove({ ...picture, attachment: null });
    showToast(t`${name} is not there any more: an image that is not sent is kept for a day.`);
  }

  return (
    <div ref={strip}>
      {pictures.length > 0 && (
        <ul className={styles.strip} aria-label={t`Attached images`}>
          {pictures.map((picture) => (
            <Tile
              key={picture.key}
              picture={picture}
              onRemove={() => takeAway(picture)}
              onMissing={() => void lookWhether(picture)}
            />
          ))}
        </ul>
      )}
      {pictures.length > 0 && imageless !== null && (
        <div className={styles.imageless} role="status">
          <p>
            <Trans>{imageless} takes no images. Choose another model, or send without them.</Trans>
          </p>
          <Button
            look="link"
            onClick={() => {
              for (const picture of pictures) remove(picture);
              setSaid(t`All images removed`);
              focusAfter(undefined);
            }}
          >
            <Trans>Remove all</Trans>
          </Button>
        </div>
      )}
      {pictures.length > most && (
        <div className={styles.imageless} role="status">
          <p>
            {tooMany(most)} <Trans>Remove some of them.</Trans>
          </p>
        </div>
      )}
      <div className="visually-hidden" aria-live="polite">
        {said}
      </div>
    </div>
  );
}

interface TileProps {
  picture: Picture;
  onRemove: () => void;
  /** The server does not show it. */
  onMissing: () => void;
}

function Tile({ picture, onRemove, onMissing }: TileProps) {
  const { t } = useLingui();
  const { key, name, attachment, address, error } = picture;
  const source = attachment ? imageSource(attachment) : address;
  return (
    <li className={styles.tile} aria-busy={(!attachment && !error) || undefined}>
      <div className={styles.thumb} title={name}>
        {source ? (
          <img src={source} alt={name} onError={onMissing} draggable={false} />
        ) : (
          <span className="visually-hidden">{name}</span>
        )}
        {!attachment && !error && <span className={styles.busy} title={t`Uploading`} />}
        {Boolean(error) && (
          <span className={styles.failed}>
            <AlertIcon size={18} />
          </span>
        )}
      </div>
      {Boolean(error) && (
        <div className={styles.why} role="status">
          <p className={styles.name}>{name}</p>
          <p>{whyNotSent(error)}</p>
          {isWorthTrying(error) && (
            <Button look="link" onClick={() => void upload(picture)}>
              <Trans>Try again</Trans>
            </Button>
          )}
        </div>
      )}
      <button
        type="button"
        data-remove={key}
        className={styles.remove}
        aria-label={t`Remove ${name}`}
        title={t`Remove ${name}`}
        onClick={onRemove}
      >
        <CloseIcon size={14} />
      </button>
    </li>
  );
}
