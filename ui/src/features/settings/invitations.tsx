/** For administrators: links that each let one person create an account. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Invite } from "../../api/client";
import { createInvite, deleteInvite, invitesQuery } from "../../api/invites";
import { settingsQuery } from "../../api/session";
import { useSubmission } from "../../api/submission";
import { describeError } from "../../api/words";
import { Button } from "../../components/button";
import { LinkIcon } from "../../components/icons";
import { showToast } from "../../components/toast";
import { Choice } from "./choice";
import { Arrival, Failure, Section } from "./section";
import styles from "./settings.module.css";
import { ShownOnce } from "./shown-once";

export function Invitations() {
  const { t } = useLingui();
  const queries = useQueryClient();
  const invites = useQuery(invitesQuery);
  const signup = useQuery(settingsQuery).data?.signup;
  const [making, setMaking] = useState(false);
  const [link, setLink] = useState<string | null>(null);
  const [ending, setEnding] = useState<string | null>(null);

  async function takeBack({ id }: Invite) {
    if (ending) return;
    setEnding(id);
    try {
      await deleteInvite(queries, id);
      showToast(t`Invitation taken back`, undefined, 3000);
    } catch (error) {
      showToast(describeError(error).title);
    } finally {
      setEnding(null);
    }
  }

  return (
    <Section
      title={<Trans>Invitations</Trans>}
      anchor="invitations"
      about={
        signup === "open" ? (
          <Trans>
            Links that each let one person create an account. At the moment everybody who reaches
            this page can register without one.
          </Trans>
        ) : (
          <Trans>Links that each let one person create an account.</Trans>
        )
      }
    >
      <Arrival of={invites} />
      {link && (
        <ShownOnce
          title={t`The new invitation`}
          about={<Trans>Copy the link and send it to one person: it is not shown again.</Trans>}
          secret={link}
          copyLabel={t`Copy link`}
          onDone={() => setLink(null)}
        >
          <Trans>Whoever opens it first creates the account. After that it is worth nothing.</Trans>
        </ShownOnce>
      )}
      <ul className={styles.list}>
        {invites.data?.map((invite) => (
          <InviteRow
            key={invite.id}
            of={invite}
            busy={ending === invite.id}
            onEnd={() => void takeBack(invite)}
          />
        ))}
      </ul>
      {making ? (
        <NewInviteForm
          onMade={(made) => {
            setMaking(false);
            setLink(made);
          }}
          onCancel={() => setMaking(false)}
        />
      ) : (
        !link && (
          <div>
            <Button onClick={() => setMaking(true)}>
              <Trans>Invite somebody</Trans>
            </Button>
          </div>
        )
      )}
    </Section>
  );
}

function InviteRow({ of: invite, busy, onEnd }: { of: Invite; busy: boolean; onEnd: () => void }) {
  const { t, i18n } = useLingui();
  const at = (time: string) => i18n.date(time, { dateStyle: "medium", timeStyle: "short" });
  const made = at(invite.created_at);
  const end = at(invite.expires_at);
  return (
    <li className={styles.item}>
      <LinkIcon />
      <div className={styles.words}>
        <p className={styles.itemName}>
          {invite.role === "admin" ? (
            <Trans>For an administrator</Trans>
          ) : (
            <Trans>For a member</Trans>
          )}
        </p>
        <p className={styles.quiet}>
          <Trans>Made on {made}</Trans> · <Trans>ends on {end}</Trans>
        </p>
      </div>
      <Button
        look="link"
        busy={busy}
        aria-label={t`Take back the invitation of ${made}`}
        onClick={onEnd}
      >
        <Trans>Take back</Trans>
      </Button>
    </li>
  );
}

interface NewInviteFormProps {
  onMade: (link: string) => void;
  onCancel: () => void;
}

function NewInviteForm({ onMade, onCancel }: NewInviteFormProps) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const [role, setRole] = useState<Invite["role"]>("member");
  const [days, setDays] = useState<"1" | "7" | "30">("7");
  const { busy, failure, run } = useSubmission([]);

  async function make(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const invite = { role, expires_in_days: Number(days) };
    await run(async () => onMade(await createInvite(queries, invite)));
  }

  return (
    <form className={styles.form} onSubmit={make}>
      <Failure words={failure} />
      <Choice
        name="role"
        legend={<Trans>What they become</Trans>}
        value={role}
        onChoose={setRole}
        options={[
          ["member", t`Member`],
          ["admin", t`Administrator`],
        ]}
      />
      <Choice
        name="lifetime"
        legend={<Trans>How long it lasts</Trans>}
        value={days}
        onChoose={setDays}
        options={[
          ["1", t`1 day`],
          ["7", t`7 days`],
          ["30", t`30 days`],
        ]}
      />
      <div className={styles.actions}>
        <Button type="submit" look="primary" busy={busy}>
          <Trans>Create link</Trans>
        </Button>
        <Button onClick={onCancel}>
          <Trans>Cancel</Trans>
        </Button>
      </div>
    </form>
  );
}
