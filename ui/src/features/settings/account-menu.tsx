/** Whoever is signed in, with the ways to the settings, the keys, and out. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useUser } from "../../api/session";
import { KeyboardIcon, SettingsIcon, SignOutIcon } from "../../components/icons";
import { Menu, MenuItem, MenuLabel } from "../../components/menu";
import { coarsePointer, useMedia } from "../../lib/media";
import { keyCaps } from "../../lib/shortcuts";
import styles from "./account-menu.module.css";

interface AccountMenuProps {
  onSettings: () => void;
  onHelp: () => void;
  onSignOut: () => void;
}

export function AccountMenu({ onSettings, onHelp, onSignOut }: AccountMenuProps) {
  const { t } = useLingui();
  const user = useUser();
  const touch = useMedia(coarsePointer);
  const name = user?.name || user?.email || "";

  return (
    <Menu
      label={t`${name}: account and settings`}
      side="above"
      buttonClass={styles.button ?? ""}
      button={
        <>
          <span className={styles.initial} data-initial={name.charAt(0).toUpperCase()} />
          <span className={styles.name}>{name}</span>
        </>
      }
    >
      <MenuLabel>
        <span className={styles.email}>{user?.email}</span>
      </MenuLabel>
      <MenuItem onChoose={onSettings}>
        <SettingsIcon />
        <span className={styles.choice}>
          <Trans>Settings</Trans>
        </span>
        {!touch && (
          <span className={styles.keys} aria-hidden="true">
            {keyCaps("settings").join(" ")}
          </span>
        )}
      </MenuItem>
      <MenuItem onChoose={onHelp}>
        <KeyboardIcon />
        <span className={styles.choice}>
          <Trans>Keyboard shortcuts</Trans>
        </span>
        {!touch && (
          <span className={styles.keys} aria-hidden="true">
            {keyCaps("help").join(" ")}
          </span>
        )}
      </MenuItem>
      <hr className={styles.line} />
      <MenuItem onChoose={onSignOut}>
        <SignOutIcon />
        <Trans>Sign out</Trans>
      </MenuItem>
    </Menu>
  );
}
