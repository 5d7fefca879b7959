/** The models of one server: who may ask them, what they take, which is asked without a choice, which names conversations. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ComponentProps, type FormEvent, useState } from "react";
import type { Audience, Provider, ProviderModel, ProviderModelChange } from "../../../api/client";
import {
  changeProvider,
  changeProviderModel,
  forgetProviderModel,
  providerModelsQuery,
} from "../../../api/providers";
import { useSubmission } from "../../../api/submission";
import { describeError } from "../../../api/words";
import { Button } from "../../../components/button";
import { Field } from "../../../components/field";
import { ChevronDownIcon, MoreIcon } from "../../../components/icons";
import { Labelled } from "../../../components/labelled";
import { Menu, MenuItem } from "../../../components/menu";
import { showToast } from "../../../components/toast";
import { Arrival, Failure } from "../section";
import settings from "../settings.module.css";
import styles from "./model-servers.module.css";

/** From so many on there is a box to find one in. */
const many = 8;

type AudienceSelectProps = Omit<ComponentProps<"select">, "value" | "onChange"> & {
  value: Audience;
  onChoose: (audience: Audience) => Promise<unknown>;
};

function AudienceSelect({ value, onChoose, ...rest }: AudienceSelectProps) {
  const { t } = useLingui();
  /** What the server does not know yet. */
  const [chosen, setChosen] = useState<Audience | null>(null);
  const audiences: [Audience, string][] = [
    ["everyone", t`Everyone`],
    ["administrators", t`Administrators`],
    ["nobody", t`Nobody`],
  ];

  async function choose(audience: Audience) {
    setChosen(audience);
    await onChoose(audience);
    setChosen(null);
  }

  return (
    <>
      <select
        {...rest}
        value={chosen ?? value}
        onChange={(event) => void choose(event.target.value as Audience)}
      >
        {audiences.map(([audience, words]) => (
          <option key={audience} value={audience}>
            {words}
          </option>
        ))}
      </select>
      <ChevronDownIcon size={16} />
    </>
  );
}

export function ServerModels({ of: server }: { of: Provider }) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const models = useQuery(providerModelsQuery(server.id));
  const [typed, setTyped] = useState("");
  const all = models.data ?? [];
  const wanted = typed.trim().toLowerCase();
  const found = all.filter(({ model }) => model.toLowerCase().includes(wanted));

  return (
    <section className={styles.models} aria-label={t`Models`}>
      <Labelled
        label={t`Its models are for`}
        hint={t`Single models can be for somebody else, below.`}
      >
        {(ties) => (
          <AudienceSelect
            {...ties}
            value={server.offered_to}
            onChoose={(offered_to) =>
              changeProvider(queries, server.id, { offered_to }).catch(tell)
            }
          />
        )}
      </Labelled>
      <Arrival of={models} />
      {all.length > many && (
        <Field
          label={t`Find a model`}
          type="search"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          autoComplete="off"
        />
      )}
      <ul className={styles.list}>
        {found.map((model) => (
          <ModelRow key={model.model} server={server} of={model} />
        ))}
      </ul>
      <NameModel of={server} />
    </section>
  );
}

const tell = (error: unknown) => void showToast(describeError(error).title);

function ModelRow({ server, of: shown }: { server: Provider; of: ProviderModel }) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const { model } = shown;
  const say = (change: Omit<ProviderModelChange, "model">) =>
    changeProviderModel(queries, server.id, { model, ...change }).catch(tell);
  const forget = () => void forgetProviderModel(queries, server.id, model).catch(tell);
  const wasSpokenOf =
    shown.offered_to_is_own ||
    shown.images_is_own ||
    !shown.is_listed ||
    shown.is_default ||
    shown.is_naming;

  return (
    <li className={styles.model}>
      <div className={styles.modelName}>
        <span>{model}</span>
        {shown.is_default && (
          <span className={settings.badge}>
            <Trans>Default</Trans>
          </span>
        )}
        {shown.is_naming && (
          <span className={settings.badge}>
            <Trans>Names conversations</Trans>
          </span>
        )}
        {shown.images && (
          <span className={settings.badge} data-quiet>
            <Trans>Takes images</Trans>
          </span>
        )}
        {!shown.is_listed && (
          <span className={settings.badge} data-quiet>
            <Trans>Not listed</Trans>
          </span>
        )}
      </div>
      <span className={styles.select}>
        <AudienceSelect
          aria-label={t`Who may ask ${model}`}
          value={shown.offered_to}
          onChoose={(offered_to) => say({ offered_to })}
        />
      </span>
      <Menu
        label={t`More for ${model}`}
        button={<MoreIcon />}
        buttonClass={styles.more ?? ""}
        align="end"
      >
        <MenuItem onChoose={() => say({ is_default: !shown.is_default })}>
          {shown.is_default ? (
            <Trans>No default any more</Trans>
          ) : (
            <Trans>Make it the default</Trans>
          )}
        </MenuItem>
        <MenuItem onChoose={() => say({ is_naming: !shown.is_naming })}>
          {shown.is_naming ? (
            <Trans>Let others name conversations</Trans>
          ) : (
            <Trans>Let it name conversations</Trans>
          )}
        </MenuItem>
        <MenuItem onChoose={() => say({ images: !shown.images })}>
          {shown.images ? <Trans>It takes no images</Trans> : <Trans>It takes images</Trans>}
        </MenuItem>
        {shown.images_is_own && (
          <MenuItem onChoose={() => say({ images: null })}>
            <Trans>Find out whether it takes images</Trans>
          </MenuItem>
        )}
        {wasSpokenOf && (
          <MenuItem onChoose={forget}>
            {shown.is_listed ? <Trans>As the others</Trans> : <Trans>Remove</Trans>}
          </MenuItem>
        )}
      </Menu>
    </li>
  );
}

/** Not every server lists what it has. */
function NameModel({ of: server }: { of: Provider }) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const [model, setModel] = useState("");
  const { busy, errorOf, failure, run } = useSubmission(["model"]);

  async function name(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const change = { model: model.trim(), offered_to: server.offered_to };
    const { currentTarget } = event;
    if (await run(() => changeProviderModel(queries, server.id, change), currentTarget))
      setModel("");
  }

  return (
    <form onSubmit={name}>
      <Failure words={failure} />
      <div className={settings.line}>
        <Field
          label={t`A model it does not list`}
          value={model}
          onChange={(event) => setModel(event.target.value)}
          required
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          maxLength={256}
          error={errorOf("model", {
            invalid: t`Write the name that the model server knows it by, 1 to 256 characters.`,
          })}
        />
        <Button type="submit" busy={busy}>
          <Trans>Offer it</Trans>
        </Button>
      </div>
    </form>
  );
}
