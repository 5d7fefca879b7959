/** Chooses images to go with a question. */
import { useLingui } from "@lingui/react/macro";
import { useRef } from "react";
import { IconButton } from "../../components/button";
import { PaperclipIcon } from "../../components/icons";

export function AttachButton({ onFiles }: { onFiles: (files: File[]) => void }) {
  const { t } = useLingui();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton label={t`Attach images`} onClick={() => input.current?.click()}>
        <PaperclipIcon />
      </IconButton>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        accept="image/png,image/jpeg,image/gif,image/webp"
        onChange={({ target }) => {
          onFiles([...(target.files ?? [])]);
          // The same one can be chosen again.
          target.value = "";
        }}
      />
    </>
  );
}
