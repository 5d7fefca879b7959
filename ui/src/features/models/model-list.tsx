/** The models by provider, narrowed by what one types; arrows move, Enter chooses. */
import { Trans, useLingui } from "@lingui/react/macro";
import { type KeyboardEvent, memo, useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Model } from "../../api/client";
import { CheckIcon, SearchIcon } from "../../components/icons";
import { classNames } from "../../lib/class-names";
import { composes } from "../../lib/composes";
import { coarsePointer, useMedia } from "../../lib/media";
import { contextSize, findModels } from "./find-models";
import styles from "./model-picker.module.css";

interface ModelListProps {
  models: Model[];
  value: string | null;
  /** It can be seen, and take the focus. */
  shown: boolean;
  onChoose: (id: string) => void;
}

const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };

export function ModelList({ models, value, shown, onChoose }: ModelListProps) {
  const { t } = useLingui();
  const id = useId();
  const box = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const touch = useMedia(coarsePointer);
  const [typed, setTyped] = useState("");
  const [wished, setWished] = useState(value);
  const offers = useMemo(() => findModels(models, typed), [models, typed]);
  const found = offers.flatMap((offer) => offer.models);
  const at = Math.max(
    0,
    found.findIndex((model) => model.id === wished),
  );
  const active = found[at]?.id ?? null;
  const optionId = (model: string) => `${id}-${model}`;

  useLayoutEffect(() => {
    if (!shown) return;
    // On a phone the keyboard would cover the list.
    if (!touch) box.current?.focus();
    const option = list.current?.querySelector("[aria-selected=true]");
    option?.scrollIntoView({ block: "center" });
  }, [shown, touch]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another one being active is the event.
  useLayoutEffect(() => {
    list.current?.querySelector("[data-active]")?.scrollIntoView({ block: "nearest" });
  }, [active]);

  function type(text: string) {
    setTyped(text);
    // The best is what stands first; without words, what holds now.
    setWished(text.trim() ? null : value);
  }

  function press(event: KeyboardEvent) {
    if (composes(event.nativeEvent)) return;
    const step = steps[event.key];
    if (step) {
      event.preventDefault();
      const end = found.length - 1;
      const around = step === 1 && at === end ? 0 : step === -1 && at === 0 ? end : at + step;
      setWished(found[Math.min(Math.max(around, 0), end)]?.id ?? null);
    }
    if (event.key !== "Enter") return;
    // Or the message would be sent as well.
    event.preventDefault();
    if (active) onChoose(active);
  }

  return (
    <>
      <div className={styles.search}>
        <SearchIcon size={18} />
        <input
          ref={box}
          type="text"
          role="combobox"
          value={typed}
          placeholder={t`Search models`}
          aria-label={t`Search models`}
          aria-expanded="true"
          aria-controls={id}
          aria-autocomplete="list"
          aria-activedescendant={active ? optionId(active) : undefined}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          enterKeyHint="go"
          onChange={(event) => type(event.target.value)}
          onKeyDown={press}
        />
      </div>
      <div ref={list} id={id} role="listbox" aria-label={t`Models`} className={styles.list}>
        {offers.map((offer) => (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset is no part of a list of options.
          <div key={offer.provider} role="group" aria-label={offer.provider}>
            <div className={styles.provider} aria-hidden="true">
              {offer.provider}
            </div>
            {offer.models.map((model) => (
              <Option
                key={model.id}
                id={optionId(model.id)}
                model={model}
                selected={model.id === value}
                active={model.id === active && !touch}
                onChoose={onChoose}
              />
            ))}
          </div>
        ))}
        {found.length === 0 && (
          <p className={styles.hint} role="status">
            <Trans>No model is called “{typed.trim()}”.</Trans>
          </p>
        )}
      </div>
    </>
  );
}

interface OptionProps {
  id: string;
  model: Model;
  selected: boolean;
  active: boolean;
  onChoose: (id: string) => void;
}

const Option = memo(function Option({ id, model, selected, active, onChoose }: OptionProps) {
  const { t } = useLingui();
  const { context_tokens: context } = model;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the box above has the keys.
    // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the box above.
    <div
      id={id}
      role="option"
      aria-selected={selected}
      data-active={active || undefined}
      className={classNames(styles.option, active && styles.active)}
      // The focus stays in the box.
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => onChoose(model.id)}
    >
      <span className={styles.model}>{model.name}</span>
      {model.is_default && (
        <span className={styles.quiet}>
          <Trans>Default</Trans>
        </span>
      )}
      {Boolean(context) && (
        <span className={styles.quiet} title={t`Reads up to ${context ?? 0} tokens`}>
          {contextSize(context ?? 0)}
        </span>
      )}
      <span className={styles.check}>{selected && <CheckIcon size={18} />}</span>
    </div>
  );
});
