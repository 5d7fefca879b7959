/** What the API's codes mean to a person: what happened, whose fault it is, what to do. */
import { plural, t } from "@lingui/core/macro";
import { clockTime } from "../lib/clock-time";
import { describeFailure, sentence, type Words } from "./answer-words";
import { ConnectionError, type Problem, ProblemError } from "./problem";

/** Why a request failed. */
export function describeError(error: unknown): Words {
  if (error instanceof ConnectionError) {
    return {
      title: t`The server cannot be reached.`,
      advice: t`Check your connection. Nothing you wrote is lost.`,
    };
  }
  if (!(error instanceof ProblemError)) {
    return {
      title: t`Something went wrong in this page.`,
      advice: t`Reload it; your conversations are safe on the server.`,
    };
  }
  const { problem } = error;
  switch (problem.code) {
    case "answer_running":
      return {
        title: t`An answer is still being written here.`,
        advice: t`Your message is kept in the box. Send it when the answer is finished, or stop the answer first.`,
      };
    case "overtaken":
      return {
        title: t`Something else changed this in the very same moment.`,
        advice: t`Look at what is there now, and try again.`,
      };
    case "model_unknown":
      return describeFailure(problem);
    case "not_found":
      return { title: t`This is not there any more.`, advice: "" };
    case "not_continuable":
      return { title: t`This answer cannot go on.`, advice: sentence(problem.detail) };
    case "client_request_id_reused":
      return {
        title: t`This was asked in another conversation already.`,
        advice: t`Its answer is there, unless you deleted it. Send it once more to ask it here as well.`,
      };
    case "too_many_answers":
      return {
        title: t`As many of your answers are being written as this server allows.`,
        advice: `${t`Wait for one of them, or stop one.`} ${whenAgain(problem)}`,
      };
    case "too_many_keys":
      return {
        title: t`You have as many keys as one person may have.`,
        advice: t`Delete one that nothing uses any more.`,
      };
    case "storage_full":
      return {
        title: t`You have stored as much as one person may here.`,
        advice: t`Delete conversations that you no longer need, or ask whoever runs this server for more room. What you wrote is kept in the box.`,
      };
    case "too_many_conversations":
      return {
        title: t`You have as many conversations as one person may have here.`,
        advice: t`Delete some that you no longer need, or ask whoever runs this server for more.`,
      };
    case "attachment_sent":
      return { title: t`This image belongs to a question already.`, advice: "" };
    case "too_many_unsent_attachments":
      return {
        title: t`As many of your images wait for their questions as may.`,
        advice: t`Send some of them, or take some away. What is not sent within a day goes by itself.`,
      };
    case "conversation_full":
      return {
        title: t`This conversation has as many messages as one may have here.`,
        advice: t`Go on in a new one, or delete a part of this. What you wrote is kept in the box.`,
      };
    case "queue_full":
      return {
        title: t`Too many questions are waiting for a model already.`,
        advice: whenAgain(problem),
      };
    case "too_many_turns":
      return {
        title: t`You have asked very often within a minute.`,
        advice: whenAgain(problem),
      };
    case "too_many_sign_ins":
      return {
        title: t`Too many sign-ins came from your network within a minute.`,
        advice: whenAgain(problem),
      };
    case "too_many_wrong_passwords":
      return {
        title: t`Too many wrong passwords were given for this account.`,
        advice: whenAgain(problem),
      };
    case "too_many_registrations":
      return {
        title: t`Too many accounts were made from your network within an hour.`,
        advice: whenAgain(problem),
      };
    case "too_many_requests":
      return {
        title: t`Much that you asked for is still being answered.`,
        advice: whenAgain(problem),
      };
    case "too_many_exports":
      return {
        title: t`As many of your downloads are being written as may.`,
        advice: t`Wait for one of them, or cancel it.`,
      };
    case "busy":
      return { title: t`The server is busy.`, advice: whenAgain(problem) };
    case "database_busy":
    case "database_unreachable":
      return {
        title: t`The server cannot reach its database at the moment.`,
        advice: `${t`Nothing you wrote is lost.`} ${whenAgain(problem)}`,
      };
    case "disk_full":
      return {
        title: t`There is no room left on the server's disk.`,
        advice: t`Nothing you wrote is lost. Tell whoever runs this server, and try again when there is room.`,
      };
    case "shutting_down":
      return { title: t`The server is restarting.`, advice: whenAgain(problem) };
    case "signup_closed":
      return {
        title: t`New accounts are closed here.`,
        advice: t`Ask whoever runs this server to create one for you.`,
      };
    case "invite_invalid":
      return {
        title: t`This invitation is not valid any more.`,
        advice: t`It was used, taken back, or has ended. Ask whoever runs this server for a new one.`,
      };
    case "account_deactivated":
      return {
        title: t`This account is deactivated.`,
        advice: t`Nothing in it is lost. Ask whoever runs this server to activate it again.`,
      };
    case "reset_invalid":
      return {
        title: t`This link is not valid any more.`,
        advice: t`It was used, replaced by a newer one, or has ended. Ask whoever runs this server for a new one.`,
      };
    case "last_administrator":
      return {
        title: t`Somebody has to run this server.`,
        advice: t`This is the last administrator. Make somebody else one first.`,
      };
    case "wrong_factor":
      return problem.field === "credential"
        ? {
            title: t`This passkey does not sign in here.`,
            advice: t`It was removed, or belongs to another account. Try another one, or your password.`,
          }
        : { title: t`This code is wrong, or was used already.`, advice: "" };
    case "challenge_ended":
      return { title: t`That took too long, or was tried too often.`, advice: t`Begin again.` };
    case "too_many_guesses":
      return {
        title: t`There were too many wrong codes.`,
        advice: `${t`A recovery code or a passkey still works.`} ${whenAgain(problem)}`,
      };
    case "passkeys_unavailable":
      return {
        title: t`Passkeys do not work at this address.`,
        advice: t`Browsers allow them where a page is opened by its name over HTTPS. Whoever runs this server can set that up.`,
      };
    case "passkey_known":
      return { title: t`This device has a passkey for you already.`, advice: "" };
    case "too_many_passkeys":
      return {
        title: t`You have as many passkeys as one person may have.`,
        advice: t`Delete one that you do not use any more.`,
      };
    case "wrong_credentials":
      return { title: t`The email or the password is wrong.`, advice: "" };
    case "wrong_password":
      return { title: t`This is not your password.`, advice: "" };
    case "email_taken":
      return { title: t`This email already has an account.`, advice: "" };
    case "name_taken":
      return { title: t`There is one of this name already.`, advice: t`Choose another name.` };
    case "too_many_invites":
      return {
        title: t`As many invitations wait as there may be.`,
        advice: t`Take back some that nobody will use.`,
      };
    case "too_many_providers":
      return {
        title: t`There are as many of these as there may be.`,
        advice: t`Delete one that nobody uses any more.`,
      };
    case "totp_is_on":
      return { title: t`You have an authenticator app here already.`, advice: "" };
    case "nothing_to_confirm":
      return { title: t`There is no app to confirm any more.`, advice: t`Begin again.` };
    case "no_second_factor":
      return { title: t`This account has no second factor.`, advice: "" };
    case "too_large":
      return {
        title: t`This is more than the server takes at once.`,
        advice: t`Make it shorter, and try again.`,
      };
    case "request_timeout":
      return {
        title: t`What you sent did not arrive in time.`,
        advice: t`Check your connection, and try again.`,
      };
    case "cross_site":
    case "misdirected":
      return {
        title: t`The server does not know the address that this page was opened by.`,
        advice: t`Whoever runs it can allow it, or knows the right one.`,
      };
    case "admin_only":
      return {
        title: t`This is for administrators.`,
        advice: t`Ask one to do it, or to make you one.`,
      };
    case "not_signed_in":
      return { title: t`You are signed out.`, advice: t`Sign in again to go on.` };
    default:
      if (problem.field === "attachments") {
        return {
          title: t`An image cannot go with this question.`,
          advice: t`It is gone, or the model takes no images. Remove it, or choose another model.`,
        };
      }
      if (problem.field === "system_prompt" || problem.field?.startsWith("parameters")) {
        const detail = sentence(problem.detail);
        return {
          title: t`The settings of this conversation were refused.`,
          advice: t`Open them at the top of the page and change them: ${detail}`,
        };
      }
      if (problem.status === 429) {
        return {
          title: t`That was too much at once.`,
          advice: whenAgain(problem),
        };
      }
      if (problem.status >= 500) {
        return {
          title: t`The server had an error.`,
          advice: t`It is not your fault. Try again; if it keeps happening, give the request number to whoever runs this server.`,
        };
      }
      return { title: sentence(problem.detail || problem.title), advice: "" };
  }
}

/** When to try again: in so many seconds, or at a time where counting would be no help. */
function whenAgain({ retry_after: seconds }: Problem): string {
  if (!seconds) return t`Wait a moment and try again.`;
  if (seconds > 90) return t`Try again after ${clockTime(Date.now() + seconds * 1000)}.`;
  return plural(seconds, { one: "Try again in # second.", other: "Try again in # seconds." });
}

export function requestIdOf(error: unknown): string | null {
  return error instanceof ProblemError && error.problem.status >= 500
    ? error.problem.request_id || null
    : null;
}

/** What is wrong with a field: in the page's words where it has some, else in the server's. */
export function describeField(error: ProblemError): string {
  const { code, field, detail } = error.problem;
  if (code !== "invalid") return describeError(error).title;
  switch (field) {
    case "email":
      return t`Write an email like name@example.org.`;
    case "password":
      return t`Use 8 to 256 characters, and nothing that others would guess first.`;
    case "name":
      return t`Write a name that is neither empty nor too long.`;
    case "code":
    case "recovery_code":
      return t`Write the code as it was shown to you.`;
    default:
      return sentence(detail);
  }
}
