/**
 * Pastes texts that mean harm into the real page, has the model say them too, and looks at what they
 * became, while they stream and after a reload: `node e2e/injection.mjs [WORD…]` takes those with a word.
 */
import { openBrowser } from "./browser.mjs";
import { canary, corpus } from "./injection-corpus.mjs";
import { inspect } from "./injection-inspect.mjs";
import { startLoquat } from "./loquat.mjs";
import { startProvider } from "./provider.mjs";
import { check, createReport, waitUntil } from "./report.mjs";
import { startVisit } from "./visit.mjs";

const words = process.argv.slice(2);
const texts = corpus.filter(
  (text) => words.length === 0 || words.some((word) => text.includes(word)),
);
/** So many are asked in one conversation, which is then opened again. */
const together = 20;

const model = await startProvider();
const server = await startLoquat({
  OPENAI_BASE_URL: model.base,
  LOQUAT_MAX_TURNS_PER_MINUTE: "100000",
});
const browser = await openBrowser();
const report = createReport();

async function unharmed({ page, complaints, base }) {
  const diagrams = page.locator("figure", { has: page.getByText("mermaid", { exact: true }) });
  for (const diagram of await diagrams.all()) {
    // Drawn when it is about to be seen.
    await diagram.scrollIntoViewIfNeeded();
    await diagram.locator("figcaption", { hasText: /source/ }).waitFor();
  }
  for (const frame of page.frames().slice(1)) {
    check(!(await frame.evaluate(() => "ran" in globalThis)), "a script ran among the diagrams");
  }
  const wrong = await page.evaluate(inspect, canary);
  check(wrong.length === 0, wrong.join("\n"));
  check(complaints.length === 0, complaints.join("\n"));
  check(page.url().startsWith(base), `the page is now ${page.url()}`);
}

async function converse(visit, part) {
  const { page, chat, complaints } = visit;
  await visit.goto("/");
  await chat.box.waitFor();
  for (const text of part) {
    await report.step(JSON.stringify(text).slice(0, 100), async () => {
      complaints.length = 0;
      await chat.askAndWait(`echo: ${text}`);
      await unharmed(visit);
    });
  }
  await report.step(`${part.length} of them after a reload`, async () => {
    complaints.length = 0;
    await page.reload();
    await waitUntil(
      async () => (await chat.answers.count()) === part.length,
      "not all of the conversation is there",
    );
    const thoughts = await page.locator("article details > summary").all();
    check(thoughts.length === part.length, `there are ${thoughts.length} thoughts`);
    for (const thought of thoughts) await thought.click();
    await unharmed(visit);
  });
}

/** What is planted here must be found, or nothing else that is not found means anything. */
await report.step("the inspection sees what is there", async () => {
  check(new Set(corpus).size >= 300, `there are only ${new Set(corpus).size} texts`);
  check(texts.length > 0, "there is no such text");
  const visit = await startVisit(browser, server.base);
  await visit.begin();
  await visit.chat.askAndWait("echo: nothing");
  await visit.page.evaluate(() => {
    const link = document.createElement("a");
    link.href = "javascript:0";
    document.querySelector("article").append(document.createElement("form"), link);
  });
  const wrong = await visit.page.evaluate(inspect, canary);
  check(
    wrong.includes("an element form") && wrong.includes("href=javascript:0"),
    `it sees ${wrong.join(", ") || "nothing"}`,
  );
  await visit.close();
});

const parts = [];
for (let at = 0; at < texts.length; at += together) parts.push(texts.slice(at, at + together));

await Promise.all(
  [0, 1].map(async () => {
    const visit = await startVisit(browser, server.base);
    await visit.begin();
    for (let part = parts.shift(); part; part = parts.shift()) await converse(visit, part);
    await visit.close();
  }),
);

await browser.close();
await server.stop();
model.close();
report.finish();
