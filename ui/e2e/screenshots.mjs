/**
 * Pictures for the README and the documents, of the real executable with a scripted model:
 * `node e2e/screenshots.mjs [DIR]`.
 */
import { mkdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openBrowser } from "./browser.mjs";
import { startLoquat } from "./loquat.mjs";
import { picture } from "./picture.mjs";
import { startProvider } from "./provider.mjs";
import { startVisit } from "./visit.mjs";

const folder = process.argv[2] ?? fileURLToPath(new URL("../../docs/screenshots", import.meta.url));
mkdirSync(folder, { recursive: true });

const model = await startProvider();
const work = await mkdtemp(join(tmpdir(), "screenshots-"));
const providers = join(work, "providers.toml");
const offered = { OpenAI: ["gpt-5-mini", "gpt-5"], Home: ["qwen3:4b", "gemma3"] };
await writeFile(
  providers,
  Object.entries(offered)
    .map(
      ([name, models]) =>
        `[[provider]]\nname = "${name}"\nbase_url = "${model.base}"\nmodels = ${JSON.stringify(models)}\n`,
    )
    .join(""),
);
const server = await startLoquat({ LOQUAT_PROVIDERS: providers });
const browser = await openBrowser();

const desktop = { viewport: { width: 1200, height: 760 } };

const conversations = [
  ["short", "Birds that sing at night", "Name three birds that sing at night"],
  ["short", "Packing for two days of rain", "A packing list for two days of rain"],
  ["short", "Bread with little yeast", "How does bread rise with very little yeast?"],
  ["arabic", "الجسر المعلق", "كيف يحمل الجسر المعلق طريقه؟"],
  ["whole", "How suspension bridges stand", "Explain how a suspension bridge carries its load"],
];

/** Everything that the pictures show, asked through the API. */
async function prepare({ signUp, api, page, base }) {
  await signUp();
  const ids = {};
  for (const [kind, name, content] of conversations) {
    const { id } = await api("POST", "/projects/", { name });
    model.answerAs(kind);
    const query = new URLSearchParams({ content });
    await page.request.get(`${base}/api/projects/${id}/messages/stream?${query}`);
    ids[kind] = id;
  }
  model.answerAs(null);
  return ids;
}

const pictures = {
  login: async ({ page, base, context }) => {
    const cookies = await context.cookies();
    await context.clearCookies();
    await page.goto(`${base}/login`);
    await page.getByRole("heading", { name: "Welcome back" }).waitFor();
    await context.addCookies(cookies);
  },
  empty: async ({ page, goto, phone }) => {
    await goto("/");
    await page.getByRole("button", { name: /^Model: / }).waitFor();
    if (!phone) await page.getByRole("link", { name: "Birds that sing at night" }).waitFor();
  },
  chat: async ({ page, goto, ids }) => {
    await goto(`/c/${ids.whole}`);
    await page.locator(".katex").first().waitFor();
    await page.locator("[class^=syntax-]").first().waitFor({ state: "attached" });
    await page.evaluate(() => document.fonts.ready);
    const scroller = page.locator("article").first();
    await scroller.scrollIntoViewIfNeeded();
    await page.locator("textarea").blur();
  },
  "code-and-table": async ({ page }) => {
    await page.locator("table").first().scrollIntoViewIfNeeded();
  },
  image: async ({ page, goto, chat }) => {
    await goto("/");
    model.answerAs("short");
    await page.getByRole("button", { name: "Attach images" }).waitFor();
    await page.locator("input[type=file]").setInputFiles(picture("evening.png", 1200, 800));
    await page.getByRole("button", { name: "Remove evening.png" }).waitFor();
    await chat.askAndWait("Which kind of bridge is this, and what carries its deck?");
    await page.getByRole("img", { name: "evening.png" }).waitFor();
    await page.locator("textarea").blur();
  },
  thinking: async ({ page, goto, chat }) => {
    await goto("/");
    model.answerAs("ponder");
    await chat.ask("Why is a flatter cable pulled harder?");
    await page.getByText(/^Thinking for 1/).waitFor();
  },
  failed: async ({ page, goto, chat }) => {
    await goto("/");
    model.answerAs("limit");
    await chat.ask("And what does the wind do to it?");
    await page.getByText("The provider is receiving too many questions").waitFor();
  },
  models: async ({ page, goto }) => {
    await goto("/");
    await page.getByRole("button", { name: /^Model: / }).click();
    await page.getByRole("combobox").waitFor();
  },
  search: async ({ page, goto, showSidebar, chat }) => {
    await goto("/");
    await chat.box.waitFor();
    await showSidebar();
    await page.getByRole("searchbox").fill("cable");
    await page
      .getByText(/conversations?$/)
      .first()
      .waitFor();
    await page.waitForTimeout(300);
  },
  settings: async ({ page, goto }) => {
    await goto("/settings");
    await page.getByText("This device").waitFor();
  },
};

/** Of the others one by day and one by night is enough. */
const inFull = ["login", "empty", "chat"];

for (const size of ["desktop", "phone"]) {
  for (const theme of ["light", "dark"]) {
    const more = { reducedMotion: "reduce", ...(size === "desktop" && desktop) };
    const email = `ada@${size}-${theme}.example.org`;
    const visit = await startVisit(browser, server.base, { size, theme, more, email });
    visit.ids = await prepare(visit);
    for (const [name, show] of Object.entries(pictures)) {
      await show(visit);
      if (!inFull.includes(name) && (size === "desktop") !== (theme === "light")) continue;
      await visit.page.mouse.move(1, 1);
      await visit.page.waitForTimeout(500);
      await visit.page.screenshot({ path: join(folder, `${name}-${size}-${theme}.png`) });
    }
    await visit.close();
  }
}

await browser.close();
await server.stop();
await rm(work, { recursive: true });
model.close();
