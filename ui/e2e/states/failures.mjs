/** The states of an answer that a model or its provider spoiled. */
import { check } from "../report.mjs";

/** What is said, and the way on that is offered. */
const kinds = {
  "failed: 500": ["break", "The provider had an error of its own.", "Try again"],
  "failed: 401": ["refuse", "The provider refused this server's key.", "Try again"],
  "failed: 429": ["limit", "The provider is receiving too many questions at once.", "Try again"],
  "failed: no credit": ["quota", "The credit with this provider is used up.", "Try again"],
  "failed: no such model": ["forget", "This model does not exist any more.", "Try again"],
  "failed: too long": ["overflow", "This conversation is too long for the model.", "Try again"],
  "failed: unreadable": ["garble", "The provider answered with something unreadable.", "Try again"],
  "failed: cut off": ["fail", "The provider broke off the connection.", "Continue"],
  "failed: silence in the middle": [
    "stall",
    "The model fell silent in the middle of its answer.",
    "Continue",
    { LOQUAT_SILENCE_TIMEOUT: "1" },
  ],
  "failed: silence from the start": [
    "mute",
    "The model took too long to begin.",
    "Try again",
    { LOQUAT_FIRST_BYTE_TIMEOUT: "1" },
  ],
  "failed: unreachable": [
    "short",
    "The model's provider could not be reached.",
    "Try again",
    { OPENAI_BASE_URL: "http://127.0.0.1:9/v1", LOQUAT_DEFAULT_MODEL: "somewhere" },
  ],
  "ended by its length": [
    "length",
    "The model reached the longest answer it may give. It can go on from here.",
    "Continue",
  ],
  "ended by a filter": ["filter", "The provider's filter ended this answer.", null],
  "ended by a refusal": ["decline", "The model declined to answer; these are its own words.", null],
  "ended for a tool": ["tool", "The model wanted to use a tool, and there are none here.", null],
};

const state = ([word, said, way, env]) =>
  async function failed(visit) {
    const { page, chat, provider, start, visitAt, begin } = visit;
    if (env) visitAt(await start({ ...provider.env, ...env }));
    await begin();
    // Said aloud as well, to whoever cannot see it.
    const told = chat.answers.getByText(said);
    await chat.ask(`${word}: how does a bridge stand?`);
    await told.waitFor();
    await chat.over();
    const button = chat.answers
      .last()
      .getByRole("button", { name: way ?? "Continue", exact: true });
    check((await button.isVisible()) === (way !== null), `“${way ?? "Continue"}” is wrong here`);
    if (word === "limit") {
      const advice = await chat.answers.last().innerText();
      check(/Try again after \d\d?:\d\d:\d\d,/.test(advice), `no time to try again: ${advice}`);
    }
    await page.reload();
    await told.waitFor();
    if (way !== "Continue") return;
    await button.click();
    await chat.over();
    await chat.answers.getByText("Akashi Kaikyō").waitFor();
    check((await told.count()) === 0, "the failure is still told");
  };

export const failures = Object.fromEntries(
  Object.entries(kinds).map(([name, kind]) => [name, state(kind)]),
);
