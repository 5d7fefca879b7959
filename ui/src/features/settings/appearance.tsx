/** Light or dark, and the language of the page. */
import { Trans, useLingui } from "@lingui/react/macro";
import { type ReactNode, useState } from "react";
import { MoonIcon, SunIcon, SystemIcon } from "../../components/icons";
import { chooseLanguage, type Language, languages } from "../../lib/language";
import { currentTheme, setTheme, type Theme } from "../../lib/theme";
import { Section } from "./section";
import styles from "./settings.module.css";

export function Appearance() {
  const { t, i18n } = useLingui();
  const [theme, setShownTheme] = useState(currentTheme);

  function chooseTheme(next: Theme) {
    setTheme(next);
    setShownTheme(next);
  }

  return (
    <Section title={<Trans>Appearance</Trans>}>
      <Choice
        name="theme"
        legend={<Trans>Theme</Trans>}
        value={theme}
        onChoose={chooseTheme}
        options={[
          ["system", t`As the system`, <SystemIcon key="icon" />],
          ["light", t`Light`, <SunIcon key="icon" />],
          ["dark", t`Dark`, <MoonIcon key="icon" />],
        ]}
      />
      <Choice
        name="language"
        legend={<Trans>Language</Trans>}
        value={i18n.locale as Language}
        onChoose={(language) => void chooseLanguage(language)}
        options={(Object.keys(languages) as Language[]).map((language) => [
          language,
          <span key="name" lang={language}>
            {languages[language]}
          </span>,
        ])}
      />
    </Section>
  );
}

interface ChoiceProps<T extends string> {
  name: string;
  legend: ReactNode;
  value: T;
  onChoose: (value: T) => void;
  options: [value: T, label: ReactNode, icon?: ReactNode][];
}

function Choice<T extends string>({ name, legend, value, onChoose, options }: ChoiceProps<T>) {
  return (
    <fieldset className={styles.choice}>
      <legend>{legend}</legend>
      <div className={styles.options}>
        {options.map(([option, label, icon]) => (
          <label key={option}>
            <input
              type="radio"
              name={name}
              value={option}
              checked={value === option}
              onChange={() => onChoose(option)}
            />
            {icon}
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
