/** One image by itself, as large as the screen lets it be. */
import { Trans, useLingui } from "@lingui/react/macro";
import { type MouseEvent, useEffect, useRef } from "react";
import type { Attachment } from "../../api/client";
import { IconButton } from "../../components/button";
import { CloseIcon, DownloadIcon } from "../../components/icons";
import { sayBytes } from "../../lib/size";
import { imageSource } from "./image-source";
import styles from "./image-viewer.module.css";

interface ImageViewerProps {
  image: Attachment;
  onClose: () => void;
}

export default function ImageViewer({ image, onClose }: ImageViewerProps) {
  const { t, i18n } = useLingui();
  const dialog = useRef<HTMLDialogElement>(null);
  const { name, width, height, size_bytes } = image;

  useEffect(() => dialog.current?.showModal(), []);

  /** The browser gives the focus back as long as the dialog is still in the page. */
  function close() {
    dialog.current?.close();
  }

  function closeBesideBar({ target }: MouseEvent) {
    if (!(target as HTMLElement).closest("footer")) close();
  }

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard closes it with Escape.
    <dialog
      ref={dialog}
      className={styles.viewer}
      aria-label={name}
      onClose={onClose}
      onClick={closeBesideBar}
    >
      <img src={imageSource(image)} alt={name} width={width} height={height} />
      <footer className={styles.bar}>
        <div className={styles.about}>
          <p className={styles.name} dir="auto">
            {name}
          </p>
          <p>
            {i18n.number(width)} × {i18n.number(height)} · {sayBytes(size_bytes, i18n.locale)}
          </p>
        </div>
        <a className={styles.download} href={imageSource(image)} download={name}>
          <DownloadIcon size={18} />
          <Trans>Download</Trans>
        </a>
        <IconButton label={t`Close`} onClick={close}>
          <CloseIcon />
        </IconButton>
      </footer>
    </dialog>
  );
}
