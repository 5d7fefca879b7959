/** What can be set about an answer, each with its range and a way back to the provider's default. */
import { Trans, useLingui } from "@lingui/react/macro";
import type { ReactNode } from "react";
import { Button } from "../../components/button";
import { Field } from "../../components/field";
import { ChevronDownIcon } from "../../components/icons";
import { Labelled } from "../../components/labelled";
import styles from "./conversation-settings.module.css";
import type { Draft } from "./draft";

interface ParameterFieldsProps {
  draft: Draft;
  errorOf: (name: keyof Draft) => string | null;
  onChange: (name: keyof Draft, text: string) => void;
}

/** In the words most providers know. */
const efforts = ["none", "minimal", "low", "medium", "high", "xhigh"];

export function ParameterFields({ draft, errorOf, onChange }: ParameterFieldsProps) {
  const { t } = useLingui();
  const known = efforts.includes(draft.reasoning_effort) || draft.reasoning_effort === "";

  /** What each field has in common. */
  function common(name: keyof Draft, label: string) {
    const reset: ReactNode = draft[name] !== "" && (
      <Button look="link" aria-label={t`Reset: ${label}`} onClick={() => onChange(name, "")}>
        <Trans>Reset</Trans>
      </Button>
    );
    return { label, action: reset, error: errorOf(name) };
  }

  function number(name: keyof Draft, label: string, hint: string, whole = false) {
    return (
      <Field
        {...common(name, label)}
        hint={hint}
        inputMode={whole ? "numeric" : "decimal"}
        autoComplete="off"
        placeholder={t`Default`}
        value={draft[name]}
        onChange={(event) => onChange(name, event.target.value)}
      />
    );
  }

  return (
    <>
      <Labelled
        {...common("system_prompt", t`System prompt`)}
        hint={t`What the model is told before everything else, such as who it is and how it writes.`}
      >
        {(ties) => (
          <textarea
            {...ties}
            rows={3}
            dir="auto"
            value={draft.system_prompt}
            onChange={(event) => onChange("system_prompt", event.target.value)}
          />
        )}
      </Labelled>
      <div className={styles.pair}>
        {number(
          "temperature",
          t`Temperature`,
          t`0 to 2. Low keeps to the likeliest words, high is freer.`,
        )}
        {number("top_p", t`Top P`, t`0 to 1. Only the likeliest words that make up this share.`)}
        {number(
          "max_tokens",
          t`Longest answer`,
          t`In tokens, from 1; 1,000 are about 750 words.`,
          true,
        )}
        <Labelled
          {...common("reasoning_effort", t`Reasoning effort`)}
          hint={t`How much a model that can think does so first.`}
        >
          {(ties) => (
            <>
              <select
                {...ties}
                value={draft.reasoning_effort}
                onChange={(event) => onChange("reasoning_effort", event.target.value)}
              >
                <option value="">{t`Default`}</option>
                {(known ? efforts : [...efforts, draft.reasoning_effort]).map((effort) => (
                  <option key={effort}>{effort}</option>
                ))}
              </select>
              <ChevronDownIcon size={16} />
            </>
          )}
        </Labelled>
      </div>
      <Labelled
        {...common("extra", t`Other parameters`)}
        hint={t`A JSON object with whatever else the provider understands; passed on as it is.`}
      >
        {(ties) => (
          <textarea
            {...ties}
            className={styles.code}
            rows={2}
            spellCheck={false}
            autoCapitalize="none"
            autoComplete="off"
            dir="ltr"
            placeholder={'{"seed": 7}'}
            value={draft.extra}
            onChange={(event) => onChange("extra", event.target.value)}
          />
        )}
      </Labelled>
    </>
  );
}
