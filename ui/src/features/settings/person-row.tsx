/** One person among all: who it is, and a menu of what can be done. */
import { Plural, Trans, useLingui } from "@lingui/react/macro";
import type { Person, PersonChange } from "../../api/client";
import { useUser } from "../../api/session";
import {
  KeyIcon,
  MoreIcon,
  PersonIcon,
  PersonOffIcon,
  ShieldIcon,
  TrashIcon,
} from "../../components/icons";
import { Menu, MenuItem } from "../../components/menu";
import { timeAgo } from "../../lib/time-ago";
import styles from "./settings.module.css";

interface PersonRowProps {
  of: Person;
  onChange: (change: PersonChange) => void;
  onLink: () => void;
  onDelete: () => void;
}

export function PersonRow({ of: person, onChange, onLink, onDelete }: PersonRowProps) {
  const { t } = useLingui();
  const own = useUser()?.id === person.id;
  const { is_active: active, conversations } = person;
  const name = person.name || person.email;
  const administrator = person.role === "admin";
  const seen = person.last_seen_at ? timeAgo(person.last_seen_at) : null;
  return (
    <li className={styles.item}>
      {active ? <PersonIcon /> : <PersonOffIcon />}
      <div className={styles.words}>
        <p className={styles.itemName}>
          <bdi>{name}</bdi>
          {own && (
            <span className={styles.badge}>
              <Trans>You</Trans>
            </span>
          )}
          {administrator && (
            <span className={styles.badge}>
              <Trans>Administrator</Trans>
            </span>
          )}
          {!active && (
            <span className={styles.badge} data-quiet>
              <Trans>Deactivated</Trans>
            </span>
          )}
        </p>
        {person.name && <p className={styles.quiet}>{person.email}</p>}
        <p className={styles.quiet}>
          {seen ? <Trans>Last here {seen}</Trans> : <Trans>Never here</Trans>} ·{" "}
          <Plural value={conversations} one="# conversation" other="# conversations" />
        </p>
      </div>
      {!own && (
        <Menu
          label={t`Options for ${name}`}
          align="end"
          buttonClass={styles.more ?? ""}
          button={<MoreIcon />}
        >
          <MenuItem onChoose={() => onChange({ role: administrator ? "member" : "admin" })}>
            <ShieldIcon />
            {administrator ? <Trans>Make a member</Trans> : <Trans>Make an administrator</Trans>}
          </MenuItem>
          <MenuItem onChoose={onLink}>
            <KeyIcon />
            <Trans>New password link</Trans>
          </MenuItem>
          <MenuItem onChoose={() => onChange({ active: !active })}>
            {active ? <PersonOffIcon /> : <PersonIcon />}
            {active ? <Trans>Deactivate</Trans> : <Trans>Activate</Trans>}
          </MenuItem>
          <MenuItem danger onChoose={onDelete}>
            <TrashIcon />
            <Trans>Delete…</Trans>
          </MenuItem>
        </Menu>
      )}
    </li>
  );
}
