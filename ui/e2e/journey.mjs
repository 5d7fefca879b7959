/**
 * One person's way through the page, against a running server:
 * `node e2e/journey.mjs BASE_URL [--screenshots DIR]`.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openBrowser } from "./browser.mjs";
import { chatView } from "./chat-view.mjs";
import { check, createReport, waitUntil } from "./report.mjs";
import { watchContext } from "./watch.mjs";

const base = process.argv[2]?.replace(/\/$/, "");
if (!base) {
  console.error("usage: node e2e/journey.mjs BASE_URL [--screenshots DIR]");
  process.exit(2);
}
const shotsAt = process.argv.indexOf("--screenshots");
const shots = shotsAt > 0 ? process.argv[shotsAt + 1] : null;
if (shots) mkdirSync(shots, { recursive: true });

const browser = await openBrowser();
const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: base });
const complaints = await watchContext(context, [base]);
const page = await context.newPage();
page.setDefaultTimeout(20_000);

const report = createReport();
async function step(name, run) {
  await report.step(name, run);
  if (shots) await page.screenshot({ path: join(shots, `${report.count}.png`) });
}

const email = `journey-${Date.now()}@example.org`;
const password = "a quiet orchard in May";
const { box, stop, send, answers, questions, rows, answerText, over } = chatView(page);

await step("nobody signed in is led to the login page", async () => {
  await page.goto(`${base}/c/somewhere`);
  await page.getByRole("heading", { name: "Welcome back" }).waitFor();
});

await step("a wrong password is refused in plain words", async () => {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("do not belong together").waitFor();
  // The browser itself reports the 401 that this step provokes.
  const own = complaints.findIndex((text) => text.includes("401"));
  if (own >= 0) complaints.splice(own, 1);
});

await step("registering signs in and shows the empty state", async () => {
  await page.goto(base);
  await page.getByRole("link", { name: "Create an account" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Ada Example");
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: /on your mind, Ada/ }).waitFor();
});

await step(
  "the first question makes a conversation, and words arrive one after another",
  async () => {
    await page.getByRole("button", { name: /^Model: / }).waitFor();
    await box.fill("Explain how a suspension bridge carries its load");
    await box.press("Enter");
    await page.waitForURL(/\/c\/[\w-]+$/);
    await waitUntil(async () => (await answerText()).length > 10, "no word arrived");
    const early = (await answerText()).length;
    await waitUntil(async () => (await answerText()).length > early, "the answer does not grow");
    check(await stop.isVisible(), "the button is not a stop button while the answer runs");
  },
);

await step("a reload in mid-answer goes on with the answer", async () => {
  await page.reload();
  await waitUntil(async () => (await answers.count()) === 1, "the answer is gone after a reload");
  await answers.first().waitFor();
  check(await stop.isVisible(), "the answer was over before it could be resumed");
  await over();
});

let whole = "";
await step("the whole answer is there, and the same after another reload", async () => {
  whole = await answerText();
  check(whole.length > 200, `the answer has only ${whole.length} characters`);
  await page.reload();
  await answers.first().waitFor();
  await waitUntil(async () => (await answerText()) === whole, "the answer changed with a reload");
});

await step("the conversation is in the sidebar and has a name", async () => {
  await waitUntil(async () => (await rows.count()) === 1, "no row in the sidebar");
  const name = (await rows.first().innerText()).trim();
  check(name.length > 0, "the conversation has no name");
  check((await page.locator("h1").innerText()).trim() === name, "heading and row differ");
});

await step("another answer is stopped, and what was written stays", async () => {
  await box.fill("And how does it stand up to wind?");
  await box.press("Enter");
  await waitUntil(
    async () => (await answers.count()) === 2 && (await answerText()).length > 20,
    "the second answer does not begin",
  );
  await stop.click();
  await page.getByText("Stopped", { exact: true }).waitFor();
  await send.waitFor();
  const kept = await answerText();
  await page.reload();
  await page.getByText("Stopped", { exact: true }).waitFor();
  await waitUntil(async () => (await answerText()) === kept, "the stopped text changed");
});

await step("a draft survives a reload", async () => {
  await box.fill("half a thou");
  await page.reload();
  await waitUntil(async () => (await box.inputValue()) === "half a thou", "the draft is gone");
  await box.fill("");
});

/** Where a message begins on screen. */
const topOf = async (message) => Math.round((await message.boundingBox()).y);
const version = (message, number, count) =>
  message.getByText(`Version ${number} of ${count}`).waitFor({ state: "attached" });

await step("the last answer is given again, beside the stopped one", async () => {
  await answers.last().hover();
  await answers.last().getByRole("button", { name: "Regenerate" }).click();
  await page.getByText("Stopped", { exact: true }).waitFor({ state: "detached" });
  await over();
  await version(answers.last(), 2, 2);
  check((await answers.count()) === 2, "the old answer is still there as well");
});

await step(
  "the versions of an answer are switched by the keyboard, and it stays in place",
  async () => {
    await answers.last().getByRole("button", { name: "Previous version" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("Stopped", { exact: true }).waitFor();
    await version(answers.last(), 1, 2);
    const before = await topOf(answers.last());
    await answers.last().getByRole("button", { name: "Next version" }).focus();
    await page.keyboard.press("Enter");
    await version(answers.last(), 2, 2);
    const after = await topOf(answers.last());
    check(before === after, `the answer moved from ${before} to ${after}`);
    const label = await page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
    check(label === "Next version", `the focus went to ${label}`);
  },
);

await step("a question is asked in other words, which a reload does not lose", async () => {
  await questions.last().hover();
  await questions.last().getByRole("button", { name: "Edit" }).click();
  const words = page.getByRole("textbox", { name: "Your message in other words" });
  await words.fill("And in an earthquake?");
  await page.reload();
  await words.waitFor();
  check((await words.inputValue()) === "And in an earthquake?", "the new words are gone");
  await words.press("Enter");
  await words.waitFor({ state: "detached" });
  await over();
  await version(questions.last(), 2, 2);
  check((await questions.last().innerText()).includes("earthquake"), "the old words are shown");
});

await step("the whole conversation is copied as Markdown", async () => {
  await page.getByRole("button", { name: "More for this conversation" }).click();
  await page.getByRole("menuitem", { name: "Copy as Markdown" }).click();
  await page.getByText("Conversation copied").waitFor();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  const turns = text.match(/^## (Question|Answer \(demo\))$/gm) ?? [];
  check(turns.length === 4, `${turns.length} messages were copied`);
  check(text.includes("## Question\n\nAnd in an earthquake?"), "the question is not in it");
});

await step("a question is deleted with its answer, and its other version is shown", async () => {
  await questions.last().hover();
  await questions.last().getByRole("button", { name: "More for this message" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete this question?" });
  await dialog.getByRole("button", { name: "Delete", exact: true }).click();
  await waitUntil(
    async () => (await questions.last().innerText()).includes("stand up to wind"),
    "the other version is not shown",
  );
  await page.reload();
  await answers.first().waitFor();
  check((await questions.count()) === 2, "the deleted question is back");
});

await step("a conversation is renamed in place", async () => {
  await rows.first().hover();
  await page.getByRole("button", { name: /^Options for/ }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByRole("textbox", { name: "New name" }).fill("Bridges");
  await page.keyboard.press("Enter");
  await waitUntil(
    async () => (await page.locator("h1").innerText()) === "Bridges",
    "the name stays",
  );
  await page.reload();
  await page.getByRole("link", { name: "Bridges" }).waitFor();
});

await step("what one tab does shows in the other", async () => {
  const other = await context.newPage();
  other.setDefaultTimeout(20_000);
  const sockets = [];
  other.on("websocket", (socket) => sockets.push(socket.url()));
  await other.goto(base);
  await other.getByRole("heading", { name: /on your mind/ }).waitFor();
  const box = other.getByRole("textbox", { name: "Message" });
  await box.fill("Count the trees in the orchard");
  await box.press("Enter");
  // It is made there, and stands here; being answered, it is marked.
  const link = page.getByRole("link", { name: "Count the trees in the orchard" });
  await link.waitFor();
  await page.getByRole("img", { name: "An answer is being written" }).waitFor();
  await link.click();
  await waitUntil(async () => (await answerText()).length > 10, "the answer does not grow here");
  await other.getByRole("button", { name: "Stop", exact: true }).click();
  await over();
  // A further turn, while both look at it.
  await box.fill("And the birds?");
  await box.press("Enter");
  await page.getByText("And the birds?", { exact: true }).waitFor();
  await waitUntil(
    async () => (await answers.count()) === 2 && (await answerText()).length > 10,
    "the second answer does not grow here",
  );
  await stop.click();
  await other.getByRole("button", { name: "Stop", exact: true }).waitFor({ state: "detached" });
  const row = (tab) =>
    tab.getByRole("navigation", { name: "Conversations" }).getByRole("listitem").first();
  await row(other).hover();
  await row(other)
    .getByRole("button", { name: /^Options for/ })
    .click();
  await other.getByRole("menuitem", { name: "Rename" }).click();
  await other.getByRole("textbox", { name: "New name" }).fill("Orchard");
  await other.keyboard.press("Enter");
  await page.getByRole("link", { name: "Orchard" }).waitFor();
  await waitUntil(
    async () => (await page.locator("h1").innerText()) === "Orchard",
    "the heading here keeps the old name",
  );
  await row(other).hover();
  await row(other)
    .getByRole("button", { name: /^Options for/ })
    .click();
  await other.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("link", { name: "Orchard" }).waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Bridges" }).click();
  await answers.first().waitFor();
  check(sockets.length === 1, `the other tab opened ${sockets.length} sockets`);
  await other.close();
  // The browser itself reports the 404 of a conversation that was open when it was deleted.
  const own = complaints.findIndex((text) => text.includes("404"));
  if (own >= 0) complaints.splice(own, 1);
});

await step("a deletion can be undone", async () => {
  await rows.first().hover();
  await page.getByRole("button", { name: /^Options for/ }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await waitUntil(async () => (await rows.count()) === 0, "the row stays");
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("link", { name: "Bridges" }).waitFor();
  await page.reload();
  await page.getByRole("link", { name: "Bridges" }).waitFor();
});

await step("a deletion that is not undone holds", async () => {
  await rows.first().hover();
  await page.getByRole("button", { name: /^Options for/ }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Undo" }).waitFor();
  await page.getByRole("button", { name: "Undo" }).waitFor({ state: "detached" });
  await page.waitForTimeout(500);
  await page.reload();
  await page.getByText("Your conversations will be listed here.").waitFor();
});

await step("signing out leads to the login page, in every tab", async () => {
  const other = await context.newPage();
  await other.goto(base);
  await other.getByRole("heading", { name: /on your mind/ }).waitFor();
  await page.getByRole("button", { name: "account and settings" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByText("You are signed out.").waitFor();
  await other.getByText("You are signed out.").waitFor();
  await other.close();
});

await step("the same account signs in again", async () => {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /on your mind, Ada/ }).waitFor();
});

await step(
  "the console stayed silent, the content policy whole, and no other host was asked",
  () => {
    check(complaints.length === 0, complaints.join("\n"));
  },
);

await browser.close();
report.finish();
