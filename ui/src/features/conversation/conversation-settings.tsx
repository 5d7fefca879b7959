/** How one conversation answers: its model, what that is told first, and its parameters. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useRef, useState } from "react";
import type { Project } from "../../api/client";
import { newChat, setNewChat } from "../../api/new-chat";
import { changeProject, showProject } from "../../api/projects";
import { goToMistake, useSubmission } from "../../api/submission";
import { Button } from "../../components/button";
import { Dialog } from "../../components/dialog";
import { Notice } from "../../components/notice";
import { showToast } from "../../components/toast";
import styles from "./conversation-settings.module.css";
import { draftOf, type Mistakes, readDraft } from "./draft";
import { isPlain } from "./is-plain";
import { ParameterFields } from "./parameter-fields";

interface ConversationSettingsProps {
  /** `null`: the one that is about to begin. */
  project: Project | null;
  model: string | null;
  onModel: (id: string) => void;
  modelPicker: (value: string | null, onChoose: (id: string) => void) => ReactNode;
  onClose: () => void;
}

/** The server's names of the fields, by ours. */
const served = {
  system_prompt: "system_prompt",
  temperature: "parameters.temperature",
  top_p: "parameters.top_p",
  max_tokens: "parameters.max_tokens",
  reasoning_effort: "parameters.reasoning_effort",
  extra: "parameters.extra",
} as const;

export default function ConversationSettings(props: ConversationSettingsProps) {
  const { project, model, onModel, modelPicker, onClose } = props;
  const { t } = useLingui();
  const queries = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const [before] = useState(() => draftOf(project ?? newChat.get()));
  const [draft, setDraft] = useState(before);
  const [chosen, setChosen] = useState(model);
  const [mistakes, setMistakes] = useState<Mistakes>({});
  const { busy, errorOf, failure, run, forget } = useSubmission([
    "model",
    ...Object.values(served),
  ]);
  const changed = chosen !== model || JSON.stringify(draft) !== JSON.stringify(before);
  const modelError = errorOf("model");

  async function save(event: FormEvent) {
    event.preventDefault();
    const read = readDraft(draft);
    goToMistake(form.current, () => setMistakes(read.mistakes));
    if (Object.keys(read.mistakes).length > 0) return;
    const done = await run(async () => {
      if (!project) return setNewChat(isPlain(read.settings) ? null : read.settings);
      const named = chosen && chosen !== project.model ? { model: chosen } : {};
      showProject(queries, await changeProject(project.id, { ...read.settings, ...named }));
    }, form.current);
    if (!done) return;
    if (chosen && chosen !== model) onModel(chosen);
    showToast(project ? t`Saved for this conversation` : t`Set for the new chat`, undefined, 2500);
    onClose();
  }

  return (
    <Dialog open onClose={onClose} title={t`This conversation`} size="wide" steady={changed}>
      <form ref={form} className={styles.form} onSubmit={save} noValidate>
        {failure && <Notice title={failure.title}>{failure.advice}</Notice>}
        <div className={styles.model}>
          <span className={styles.label}>
            <Trans>Model</Trans>
          </span>
          {modelPicker(chosen, (id) => {
            setChosen(id);
            forget();
          })}
          {modelError && (
            <span className={styles.error} role="alert">
              {modelError}
            </span>
          )}
        </div>
        <ParameterFields
          draft={draft}
          errorOf={(name) => mistakes[name] ?? errorOf(served[name])}
          onChange={(name, text) => {
            setDraft({ ...draft, [name]: text });
            setMistakes({ ...mistakes, [name]: undefined });
            forget();
          }}
        />
        <div className={styles.actions}>
          <Button type="submit" look="primary" busy={busy}>
            <Trans>Save</Trans>
          </Button>
          <Button onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          {Object.values(draft).some((text) => text !== "") && (
            <Button
              look="link"
              className={styles.reset}
              onClick={() => {
                setDraft(draftOf(null));
                setMistakes({});
                forget();
              }}
            >
              <Trans>Reset</Trans>
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  );
}
