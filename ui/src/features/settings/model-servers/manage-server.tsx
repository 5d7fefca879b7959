/** One model server: how it is, where it is, its models, and its end. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Provider } from "../../../api/client";
import { changeProvider, checkProvider, deleteProvider } from "../../../api/providers";
import { useSubmission } from "../../../api/submission";
import { Button } from "../../../components/button";
import { Dialog } from "../../../components/dialog";
import { CheckIcon } from "../../../components/icons";
import { Notice } from "../../../components/notice";
import { showToast } from "../../../components/toast";
import { Failure } from "../section";
import settings from "../settings.module.css";
import styles from "./model-servers.module.css";
import { leadsElsewhere } from "./presets";
import { ServerFields } from "./server-fields";
import { ServerModels } from "./server-models";
import { useStateWords } from "./state";

export function ManageServer({ of: server, onClose }: { of: Provider; onClose: () => void }) {
  const [changed, setChanged] = useState(false);
  return (
    <Dialog open onClose={onClose} title={server.name} size="wide" steady={changed}>
      <div className={styles.parts}>
        <State of={server} />
        <ServerForm of={server} onChanged={setChanged} />
        <ServerModels of={server} />
        <Ending of={server} onGone={onClose} />
      </div>
    </Dialog>
  );
}

function State({ of: server }: { of: Provider }) {
  const queries = useQueryClient();
  const { label, advice, tone } = useStateWords()(server);
  const { busy, failure, run } = useSubmission([]);
  const check = () => run(async () => void (await checkProvider(queries, server.id)));
  const well = tone !== "trouble";
  return (
    <>
      <Notice
        tone={well ? "calm" : "trouble"}
        icon={tone === "well" ? <CheckIcon size={18} /> : undefined}
        title={label}
        actions={
          <Button busy={busy} onClick={() => void check()}>
            <Trans>Check now</Trans>
          </Button>
        }
      >
        {advice}
      </Notice>
      <Failure words={failure} />
    </>
  );
}

interface ServerFormProps {
  of: Provider;
  onChanged: (changed: boolean) => void;
}

function ServerForm({ of: server, onChanged }: ServerFormProps) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const [values, setValues] = useState({ name: server.name, address: server.base_url, key: "" });
  const { name, address, key } = values;
  const { busy, errorOf, failure, run, forget } = useSubmission(["name", "base_url", "api_key"]);
  const forgets = server.has_key && leadsElsewhere(address, server.base_url);
  const hint = server.key_hint;

  async function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const change = {
      ...(name !== server.name && { name }),
      ...(address !== server.base_url && { base_url: address }),
      ...(key.trim() && { api_key: key }),
    };
    if (!(await run(() => changeProvider(queries, server.id, change), event.currentTarget))) return;
    setValues({ ...values, key: "" });
    onChanged(false);
    showToast(t`Saved`, undefined, 3000);
  }

  function keyHint() {
    if (forgets) return t`The key is for the old address, and is forgotten with it.`;
    if (!server.has_key) return t`There is none.`;
    return hint
      ? t`The one that is kept ends in ${hint}. Leave this empty to keep it.`
      : t`One is kept. Leave this empty to keep it.`;
  }

  return (
    <form className={styles.form} onSubmit={save} onInput={() => onChanged(true)}>
      <Failure words={failure} />
      <ServerFields
        values={values}
        onChange={(next) => {
          setValues(next);
          // What was wrong was said of what stood there before.
          forget();
        }}
        errorOf={errorOf}
        keyLabel={t`Another key`}
        keyHint={keyHint()}
      />
      <div>
        <Button type="submit" busy={busy}>
          <Trans>Save</Trans>
        </Button>
      </div>
    </form>
  );
}

function Ending({ of: server, onGone }: { of: Provider; onGone: () => void }) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const [sure, setSure] = useState(false);
  const { busy, failure, run } = useSubmission([]);
  const { id, enabled } = server;
  const turn = () => run(() => changeProvider(queries, id, { enabled: !enabled }));

  async function remove() {
    if (!(await run(() => deleteProvider(queries, id)))) return;
    onGone();
    showToast(t`Model server deleted`, undefined, 3000);
  }

  return (
    <div className={styles.ending}>
      <Failure words={failure} />
      {sure ? (
        <>
          <p>
            <Trans>
              Its key is deleted with it. Conversations with its models stay, and go on with the
              default model.
            </Trans>
          </p>
          <div className={settings.actions}>
            <Button look="danger" busy={busy} onClick={() => void remove()}>
              <Trans>Delete for good</Trans>
            </Button>
            <Button onClick={() => setSure(false)}>
              <Trans>Keep it</Trans>
            </Button>
          </div>
        </>
      ) : (
        <div className={settings.actions}>
          <Button busy={busy} onClick={() => void turn()}>
            {enabled ? <Trans>Switch off</Trans> : <Trans>Switch on</Trans>}
          </Button>
          <Button onClick={() => setSure(true)}>
            <Trans>Delete…</Trans>
          </Button>
        </div>
      )}
    </div>
  );
}
