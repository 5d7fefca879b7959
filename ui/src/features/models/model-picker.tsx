/** Which model is asked next: a button that names it, and the list of all of them. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useId, useRef, useState } from "react";
import { Link } from "react-router";
import { modelsQuery } from "../../api/models";
import { useUser } from "../../api/session";
import { ChevronDownIcon } from "../../components/icons";
import { placeBeside } from "../../components/place-beside";
import { classNames } from "../../lib/class-names";
import { ModelList } from "./model-list";
import styles from "./model-picker.module.css";
import { NoModels } from "./no-models";

/** Narrower than this it lies at the foot of the screen, as its style says. */
const sheetScreen = "(max-width: 560px)";

interface ModelPickerProps {
  value: string | null;
  onChoose: (id: string) => void;
  /** As a field among others, instead of a quiet word below the message box. */
  framed?: boolean;
}

export function ModelPicker({ value, onChoose, framed = false }: ModelPickerProps) {
  const { t } = useLingui();
  const { data: models, isPending, error, refetch } = useQuery(modelsQuery);
  const admin = useUser()?.role === "admin";
  const id = useId();
  const opener = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  // The list is there before it is shown, so that its size is known, and until it is hidden again.
  const [filled, setFilled] = useState(false);
  const [open, setOpen] = useState(false);
  if (isPending) return <span className={styles.place} />;
  const chosen = models?.find((model) => model.id === value);

  function place() {
    const element = panel.current;
    const from = opener.current?.getBoundingClientRect();
    if (!element || !from) return;
    element.style.height = "";
    if (!matchMedia(sheetScreen).matches) {
      placeBeside(from, element, framed ? "below" : "above", "start");
    }
    // It stays as high as it opened, or the box would move away under what one types.
    element.style.height = `${element.offsetHeight}px`;
  }

  function choose(model: string) {
    panel.current?.hidePopover();
    onChoose(model);
  }

  const none = models?.length ? t`Choose a model` : t`No model`;
  const label = chosen ? t`Model: ${chosen.name}` : none;
  return (
    <>
      <button
        ref={opener}
        type="button"
        className={classNames(styles.button, framed && styles.framed)}
        aria-label={label}
        aria-haspopup="dialog"
        aria-expanded={open}
        title={label}
        popoverTarget={id}
      >
        <span className={styles.name}>{chosen?.name ?? none}</span>
        <ChevronDownIcon size={16} />
      </button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        role="dialog"
        aria-label={t`Choose a model`}
        className={styles.panel}
        onBeforeToggle={(event) => event.newState === "open" && setFilled(true)}
        onToggle={(event) => {
          const isOpen = event.newState === "open";
          setOpen(isOpen);
          setFilled(isOpen);
          if (isOpen) place();
        }}
      >
        {filled &&
          (models?.length ? (
            <ModelList models={models} value={value} shown={open} onChoose={choose} />
          ) : (
            <NoModels error={error} onRetry={() => void refetch()} />
          ))}
        {filled && models?.length === 1 && models[0]?.built_in && (
          <p className={styles.hint}>
            <Trans>This is the built-in demonstration.</Trans>{" "}
            {admin ? (
              <Link to="/settings#model-servers">
                <Trans>Add a model server in the settings</Trans>
              </Link>
            ) : (
              <Trans>An administrator adds real models in the settings.</Trans>
            )}
          </p>
        )}
      </div>
    </>
  );
}
