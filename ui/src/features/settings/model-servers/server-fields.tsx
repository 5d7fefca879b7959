/** Where a model server is, how it is called, and its key: the same for a new one and one that is there. */
import { useLingui } from "@lingui/react/macro";
import type { Submission } from "../../../api/submission";
import { Field } from "../../../components/field";
import { isBaseAddress } from "./presets";
import { useRefusedAddress } from "./state";

export interface ServerValues {
  name: string;
  address: string;
  key: string;
}

interface ServerFieldsProps {
  values: ServerValues;
  onChange: (values: ServerValues) => void;
  errorOf: Submission["errorOf"];
  keyLabel: string;
  keyHint: string;
  /** Nobody knows this server yet. */
  isNew?: boolean;
}

const literal = { autoComplete: "off", autoCapitalize: "off", spellCheck: false } as const;

export function ServerFields(props: ServerFieldsProps) {
  const { values, onChange, errorOf, keyLabel, keyHint, isNew } = props;
  const { t } = useLingui();
  const refused = useRefusedAddress();
  return (
    <>
      <Field
        label={t`Name`}
        value={values.name}
        onChange={(event) => onChange({ ...values, name: event.target.value })}
        required
        autoFocus={isNew}
        autoComplete="off"
        maxLength={64}
        hint={isNew ? t`What people see in front of its models.` : undefined}
        error={errorOf("name", { invalid: t`Write 1 to 64 characters, without a slash.` })}
      />
      <Field
        label={t`Address`}
        value={values.address}
        onChange={(event) => onChange({ ...values, address: event.target.value })}
        required
        {...literal}
        inputMode="url"
        placeholder="https://api.example.org/v1"
        hint={
          isNew
            ? t`Servers in your own network have to be allowed by whoever runs this one.`
            : undefined
        }
        error={errorOf("base_url", {
          invalid: isBaseAddress(values.address)
            ? refused
            : t`Write an address like https://api.example.org/v1, without a name, a password, or what begins with ? or #.`,
        })}
      />
      <Field
        label={keyLabel}
        value={values.key}
        onChange={(event) => onChange({ ...values, key: event.target.value })}
        {...literal}
        hint={keyHint}
        error={errorOf("api_key", {
          invalid: t`This is no key: it is too long, or holds spaces or unusual characters.`,
        })}
      />
    </>
  );
}
