/** Light or dark, and the language of the page. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { MoonIcon, SunIcon, SystemIcon } from "../../components/icons";
import { chooseLanguage, type Language, languages } from "../../lib/language";
import { currentTheme, setTheme, type Theme } from "../../lib/theme";
import { Choice } from "./choice";
import { Section } from "./section";

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
