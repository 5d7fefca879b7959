/** What a model server is added from. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Provider } from "../../../api/client";
import { createProvider } from "../../../api/providers";
import { useSubmission } from "../../../api/submission";
import { Button } from "../../../components/button";
import { Field } from "../../../components/field";
import { Failure } from "../section";
import settings from "../settings.module.css";
import styles from "./model-servers.module.css";
import { presets } from "./presets";

interface NewServerFormProps {
  onMade: (made: Provider) => void;
  onCancel: () => void;
}

export function NewServerForm({ onMade, onCancel }: NewServerFormProps) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [address, setAddress] = useState("");
  const [key, setKey] = useState("");
  const { busy, errorOf, failure, run } = useSubmission(["name", "base_url", "api_key"]);

  async function add(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const server = { name, base_url: address, ...(key.trim() && { api_key: key }) };
    await run(async () => onMade(await createProvider(queries, server)));
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
              onClick={() => {
                setName(preset.name);
                setAddress(preset.base_url);
              }}
            >
              {preset.name}
            </button>
          ))}
        </div>
      </fieldset>
      <Field
        label={t`Name`}
        value={name}
        onChange={(event) => setName(event.target.value)}
        required
        autoFocus
        autoComplete="off"
        maxLength={64}
        hint={t`What people see in front of its models.`}
        error={errorOf("name")}
      />
      <Field
        label={t`Address`}
        value={address}
        onChange={(event) => setAddress(event.target.value)}
        required
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        inputMode="url"
        placeholder="https://api.example.org/v1"
        hint={t`Servers in your own network have to be allowed by whoever runs this one.`}
        error={errorOf("base_url")}
      />
      <Field
        label={t`Key`}
        value={key}
        onChange={(event) => setKey(event.target.value)}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        hint={t`If it wants one. It is kept encrypted, and nobody sees it again.`}
        error={errorOf("api_key")}
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
