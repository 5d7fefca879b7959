/** For administrators: everybody who has an account here, and what can be done for them. */
import { Trans, useLingui } from "@lingui/react/macro";
import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Person, PersonChange } from "../../api/client";
import { changePerson, createResetLink, peopleQuery } from "../../api/people";
import { statusOf } from "../../api/problem";
import { describeError } from "../../api/words";
import { Button } from "../../components/button";
import { Field } from "../../components/field";
import { showToast } from "../../components/toast";
import { DeletePerson } from "./delete-person";
import { NewPersonForm } from "./new-person";
import { PersonRow } from "./person-row";
import { Arrival, Section, ShowMore } from "./section";
import styles from "./settings.module.css";
import { ShownOnce } from "./shown-once";

export function People() {
  const { t } = useLingui();
  const queries = useQueryClient();
  const [words, setWords] = useState("");
  const wanted = words.trim();
  const people = useInfiniteQuery({
    ...peopleQuery(wanted),
    placeholderData: keepPreviousData,
  });
  const [adding, setAdding] = useState(false);
  const [deleting, setDeleting] = useState<Person | null>(null);
  const [link, setLink] = useState<{ email: string; address: string } | null>(null);
  const found = people.data?.pages.flatMap((page) => page.items) ?? [];
  const email = link?.email;

  async function attempt(work: () => Promise<void>) {
    try {
      await work();
    } catch (error) {
      const gone = statusOf(error) === 404;
      showToast(gone ? t`This account does not exist any more.` : describeError(error).title);
    }
  }

  function change(person: Person, to: PersonChange) {
    return attempt(async () => {
      await changePerson(queries, person, to);
      const name = person.name || person.email;
      if (to.active === false) {
        const undo = () => void change(person, { active: true });
        showToast(t`${name} is deactivated`, { label: t`Undo`, run: undo, undo: true });
      } else if (to.active) showToast(t`${name} is active again`, undefined, 3000);
      else if (to.role === "admin") showToast(t`${name} is an administrator`, undefined, 3000);
      else showToast(t`${name} is a member`, undefined, 3000);
    });
  }

  return (
    <Section
      title={<Trans>People</Trans>}
      about={
        <Trans>Everybody who has an account here. What they talk about, only they can see.</Trans>
      }
    >
      <div className={styles.find}>
        <Field
          label={t`Search people`}
          type="search"
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          placeholder={t`Name or email`}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      </div>
      <Arrival of={people} />
      {link && (
        <ShownOnce
          key={link.address}
          title={t`A password link for ${email}`}
          about={<Trans>Copy the link and send it to this person: it is not shown again.</Trans>}
          secret={link.address}
          copyLabel={t`Copy link`}
          onDone={() => setLink(null)}
        >
          <Trans>It sets a new password, once and within a day, and signs out everywhere.</Trans>
        </ShownOnce>
      )}
      <ul className={styles.list} aria-busy={people.isPlaceholderData || undefined}>
        {found.map((person) => (
          <PersonRow
            key={person.id}
            of={person}
            onChange={(to) => void change(person, to)}
            onLink={() =>
              void attempt(async () =>
                setLink({ email: person.email, address: await createResetLink(queries, person) }),
              )
            }
            onDelete={() => setDeleting(person)}
          />
        ))}
      </ul>
      {people.isSuccess && found.length === 0 && (
        <p className={styles.quiet} role="status">
          <Trans>Nobody is called “{wanted}”.</Trans>
        </p>
      )}
      <ShowMore of={people} />
      {adding ? (
        <NewPersonForm
          onMade={(made) => {
            setAdding(false);
            setLink({ email: made.person.email, address: made.link });
          }}
          onCancel={() => setAdding(false)}
          onInvite={() => {
            setAdding(false);
            document.getElementById("invitations")?.scrollIntoView();
          }}
        />
      ) : (
        !link && (
          <div>
            <Button onClick={() => setAdding(true)}>
              <Trans>Add somebody</Trans>
            </Button>
          </div>
        )
      )}
      {deleting && <DeletePerson of={deleting} onClose={() => setDeleting(null)} />}
    </Section>
  );
}
