/** The last question before somebody's account is gone. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import type { Person } from "../../api/client";
import { deletePerson } from "../../api/people";
import { useSubmission } from "../../api/submission";
import { Button } from "../../components/button";
import { Dialog } from "../../components/dialog";
import { showToast } from "../../components/toast";
import { Failure } from "./section";
import styles from "./settings.module.css";

export function DeletePerson({ of: person, onClose }: { of: Person; onClose: () => void }) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const { email } = person;
  const { busy, failure, run } = useSubmission([]);

  async function send() {
    if (!(await run(() => deletePerson(queries, person)))) return;
    onClose();
    showToast(t`Account deleted`, undefined, 3000);
  }

  return (
    <Dialog open onClose={onClose} title={t`Delete ${email}?`}>
      <div className={styles.form}>
        <p>
          <Trans>
            The account goes at once, with every conversation in it. Nobody can bring it back. To
            only keep this person out, deactivate the account instead.
          </Trans>
        </p>
        <Failure words={failure} />
        <div className={styles.actions}>
          <Button look="danger" busy={busy} onClick={() => void send()}>
            <Trans>Delete for good</Trans>
          </Button>
          <Button onClick={onClose}>
            <Trans>Keep the account</Trans>
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
