/** Opens the settings of a conversation, and tells whether anything in them is set. */
import { useLingui } from "@lingui/react/macro";
import { lazy, type ReactNode, useState } from "react";
import type { Project } from "../../api/client";
import { newChat } from "../../api/new-chat";
import { IconButton } from "../../components/button";
import { TuneIcon } from "../../components/icons";
import { Part } from "../../components/part";
import { classNames } from "../../lib/class-names";
import { useStore } from "../../lib/store";
import { isPlain } from "./is-plain";
import styles from "./settings-button.module.css";

const ConversationSettings = lazy(() => import("./conversation-settings"));

interface SettingsButtonProps {
  /** `null`: the conversation is about to begin; `undefined`: it is being loaded. */
  project: Project | null | undefined;
  model: string | null;
  onModel: (id: string) => void;
  modelPicker: (value: string | null, onChoose: (id: string) => void) => ReactNode;
}

export function SettingsButton({ project, ...rest }: SettingsButtonProps) {
  const { t } = useLingui();
  const [open, setOpen] = useState(false);
  const kept = useStore(newChat);
  const settings = project === null ? kept : project;
  const isSet = settings ? !isPlain(settings) : false;
  return (
    <>
      <IconButton
        label={isSet ? t`Settings of this conversation, changed` : t`Settings of this conversation`}
        className={classNames(isSet && styles.set)}
        aria-haspopup="dialog"
        disabled={project === undefined}
        onClick={() => setOpen(true)}
      >
        <TuneIcon />
      </IconButton>
      {open && project !== undefined && (
        <Part onClose={() => setOpen(false)}>
          <ConversationSettings project={project} {...rest} onClose={() => setOpen(false)} />
        </Part>
      )}
    </>
  );
}
