/** Another number for a limit, or none, or the one that the server was started with. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import type { Limit } from "../../../api/client";
import { changeLimits } from "../../../api/limits";
import { goToMistake, useSubmission } from "../../../api/submission";
import { Button } from "../../../components/button";
import { Dialog } from "../../../components/dialog";
import { Field } from "../../../components/field";
import { showToast } from "../../../components/toast";
import { readAmount, writeAmount } from "../../../lib/amount";
import { Failure } from "../section";
import settings from "../settings.module.css";
import styles from "./limits.module.css";
import { type LimitName, type LimitWords, sayLimit } from "./words";

interface ChangeLimitProps {
  name: LimitName;
  of: Limit;
  words: LimitWords;
  onClose: () => void;
}

export function ChangeLimit({ name, of: limit, words, onClose }: ChangeLimitProps) {
  const { t, i18n } = useLingui();
  const queries = useQueryClient();
  const { title, about, unit, least = 1, most } = words;
  const [typed, setTyped] = useState(() => writeAmount(limit.value, unit?.bytes, i18n.locale));
  const [mistake, setMistake] = useState<string | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const { busy, errorOf, failure, run, forget } = useSubmission([name]);
  const asStarted = sayLimit(limit.as_started, unit !== undefined, i18n.locale);
  const unitName = unit?.name;
  const [from, to] = [least, most].map((bound) => i18n.number(bound));
  const range = unit
    ? t`Give a number from ${from} to ${to}, or 0 for no limit.`
    : t`Give a whole number from ${from} to ${to}, or 0 for no limit.`;

  // An element can have the focus only once its dialog is open.
  useEffect(() => form.current?.querySelector("input")?.select(), []);

  async function put(value: number | null) {
    if (!(await run(() => changeLimits(queries, { [name]: value }), form.current))) return;
    onClose();
    showToast(t`Saved`, undefined, 3000);
  }

  async function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const value = readAmount(typed, unit?.bytes, i18n.locale);
    const size = unit?.bytes ?? 1;
    const fits = value === 0 || (value !== null && value >= least * size && value <= most * size);
    if (!fits) return goToMistake(form.current, () => setMistake(range));
    await put(value);
  }

  return (
    <Dialog open onClose={onClose} title={title}>
      <form ref={form} className={styles.form} onSubmit={save} noValidate>
        <p>{about}</p>
        <Failure words={failure} />
        <Field
          label={unitName ? t`At most, in ${unitName}` : t`At most`}
          name={name}
          inputMode={unit ? "decimal" : "numeric"}
          autoComplete="off"
          maxLength={20}
          value={typed}
          hint={least > 1 ? t`At least ${least}, or 0 for no limit.` : t`0 means no limit.`}
          error={mistake ?? errorOf(name, { invalid: range })}
          onChange={(event) => {
            setTyped(event.target.value);
            setMistake(null);
            forget();
          }}
        />
        <div className={settings.actions}>
          <Button type="submit" look="primary" busy={busy}>
            <Trans>Save</Trans>
          </Button>
          <Button onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          {limit.is_set && (
            <Button look="link" onClick={() => void put(null)}>
              <Trans>Back to {asStarted}, as started</Trans>
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  );
}
