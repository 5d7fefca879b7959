/** Which model is asked next. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import type { Model } from "../../api/client";
import { modelsQuery } from "../../api/models";
import { CheckIcon, ChevronDownIcon } from "../../components/icons";
import { Menu, MenuItem, MenuLabel } from "../../components/menu";
import styles from "./model-picker.module.css";

interface ModelPickerProps {
  value: string | null;
  onChoose: (id: string) => void;
}

export function ModelPicker({ value, onChoose }: ModelPickerProps) {
  const { t } = useLingui();
  const { data: models } = useQuery(modelsQuery);
  const chosen = models?.find(({ id }) => id === value);
  if (!models?.length) return <span className={styles.place} />;
  return (
    <Menu
      label={t`Model: ${chosen?.name ?? t`none`}`}
      side="above"
      buttonClass={styles.button ?? ""}
      button={
        <>
          <span className={styles.name}>{chosen?.name ?? <Trans>Choose a model</Trans>}</span>
          <ChevronDownIcon size={16} />
        </>
      }
    >
      {byProvider(models).map(([provider, offered]) => (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset is no part of a menu.
        <div key={provider} role="group" aria-label={provider}>
          <MenuLabel>{provider}</MenuLabel>
          {offered.map((model) => (
            <MenuItem
              key={model.id}
              checked={model.id === value}
              onChoose={() => onChoose(model.id)}
            >
              <span className={styles.option}>{model.name}</span>
              {model.id === value && <CheckIcon size={18} />}
            </MenuItem>
          ))}
        </div>
      ))}
    </Menu>
  );
}

export function byProvider(models: Model[]): [string, Model[]][] {
  const groups = new Map<string, Model[]>();
  for (const model of models) {
    groups.set(model.provider, [...(groups.get(model.provider) ?? []), model]);
  }
  return [...groups];
}
