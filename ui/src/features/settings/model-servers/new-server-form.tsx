/** What a model server is added from. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Provider } from "../../../api/client";
import { createProvider } from "../../../api/providers";
import { useSubmission } from "../../../api/submission";
import { Button } from "../../../components/button";
import { Failure } from "../section";
import settings from "../settings.module.css";
import styles from "./model-servers.module.css";
import { presets } from "./presets";
import { ServerFields } from "./server-fields";

interface NewServerFormProps {
  onMade: (made: Provider) => void;
  onCancel: () => void;
}

export function NewServerForm({ onMade, onCancel }: NewServerFormProps) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const [values, setValues] = useState({ name: "", address: "", key: "" });
  const { name, address, key } = values;
  const { busy, errorOf, failure, run, forget } = useSubmission(["name", "base_url", "api_key"]);

  async function add(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const server = { name, base_url: address, ...(key.trim() && { api_key: key }) };
    await run(async () => onMade(await createProvider(queries, server)), event.currentTarget);
  }

  return (
    <form className={settings.form} onSubmit={add}>
      <Failure words={failure} />
      <fieldset className={settings.choice}>
        <legend>
          <Trans>Suggestions</Trans>
        </legend>
        <div className={styles.presets}>
          {presets.map((preset) => (
            <button
              key={preset.name}
              type="button"
              aria-pressed={address === preset.base_url}
              onClick={() => setValues({ ...values, name: preset.name, address: preset.base_url })}
            >
              {preset.name}
            </button>
          ))}
        </div>
      </fieldset>
      <ServerFields
        values={values}
        onChange={(next) => {
          setValues(next);
          // What was wrong was said of what stood there before.
          forget();
        }}
        errorOf={errorOf}
        keyLabel={t`Key`}
        keyHint={t`If it wants one. It is kept encrypted, and nobody sees it again.`}
        isNew
      />
      <div className={settings.actions}>
        <Button type="submit" look="primary" busy={busy}>
          <Trans>Add</Trans>
        </Button>
        <Button onClick={onCancel}>
          <Trans>Cancel</Trans>
        </Button>
      </div>
    </form>
  );
}
