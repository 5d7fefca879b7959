/** Whoever is signed in, with what is theirs to set: theme, language, keys, the way out. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { logout, useUser } from "../../api/session";
import { describeError } from "../../api/words";
import {
  CheckIcon,
  KeyboardIcon,
  MoonIcon,
  SignOutIcon,
  SunIcon,
  SystemIcon,
} from "../../components/icons";
import { Menu, MenuItem, MenuLabel } from "../../components/menu";
import { showToast } from "../../components/toast";
import { chooseLanguage, type Language, languages } from "../../lib/language";
import { currentTheme, setTheme, type Theme } from "../../lib/theme";
import styles from "./account-menu.module.css";

export function AccountMenu({ onHelp }: { onHelp: () => void }) {
  const { t, i18n } = useLingui();
  const queries = useQueryClient();
  const user = useUser();
  const [theme, setShownTheme] = useState(currentTheme);
  const name = user?.name || user?.email || "";

  function chooseTheme(next: Theme) {
    setTheme(next);
    setShownTheme(next);
  }

  async function signOut() {
    try {
      await logout(queries);
    } catch (error) {
      showToast(describeError(error).title);
    }
  }

  const themes = [
    ["system", t`As the system`, <SystemIcon key="icon" />],
    ["light", t`Light`, <SunIcon key="icon" />],
    ["dark", t`Dark`, <MoonIcon key="icon" />],
  ] as const;
  return (
    <Menu
      label={t`Account and settings`}
      side="above"
      buttonClass={styles.button ?? ""}
      button={
        <>
          <span className={styles.initial} aria-hidden="true">
            {name.charAt(0).toUpperCase()}
          </span>
          <span className={styles.name}>{name}</span>
        </>
      }
    >
      <MenuLabel>
        <span className={styles.email}>{user?.email}</span>
      </MenuLabel>
      <MenuLabel>
        <Trans>Theme</Trans>
      </MenuLabel>
      {themes.map(([value, label, icon]) => (
        <MenuItem
          key={value}
          checked={theme === value}
          keepOpen
          onChoose={() => chooseTheme(value)}
        >
          {icon}
          <span className={styles.choice}>{label}</span>
          {theme === value && <CheckIcon size={18} />}
        </MenuItem>
      ))}
      <MenuLabel>
        <Trans>Language</Trans>
      </MenuLabel>
      {(Object.keys(languages) as Language[]).map((language) => (
        <MenuItem
          key={language}
          checked={i18n.locale === language}
          keepOpen
          onChoose={() => void chooseLanguage(language)}
        >
          <span className={styles.choice} lang={language}>
            {languages[language]}
          </span>
          {i18n.locale === language && <CheckIcon size={18} />}
        </MenuItem>
      ))}
      <hr className={styles.line} />
      <MenuItem onChoose={onHelp}>
        <KeyboardIcon />
        <Trans>Keyboard shortcuts</Trans>
      </MenuItem>
      <MenuItem onChoose={signOut}>
        <SignOutIcon />
        <Trans>Sign out</Trans>
      </MenuItem>
    </Menu>
  );
}
