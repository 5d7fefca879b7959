/**
 * Lighthouse on the door and on a conversation, as a desktop and as a phone: `node e2e/lighthouse.mjs`.
 * Every category must reach 100. Performance depends on what else the machine does, so that its median of three
 * runs counts.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import lighthouse, { desktopConfig } from "lighthouse";
import { chromium } from "playwright-core";
import { chromiumOptions } from "./browser.mjs";
import { startLoquat } from "./loquat.mjs";
import { startProvider } from "./provider.mjs";
import { check, createReport } from "./report.mjs";
import { password } from "./visit.mjs";

const runs = 3;
const categories = ["performance", "accessibility", "best-practices", "seo"];
const model = await startProvider();
const server = await startLoquat({ OPENAI_BASE_URL: model.base });
const { step, finish } = createReport();

async function freePort() {
  const socket = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => socket.once("listening", resolve));
  const { port } = socket.address();
  await new Promise((resolve) => socket.close(resolve));
  return port;
}

const port = await freePort();
const profile = await mkdtemp(join(tmpdir(), "lighthouse-"));
const options = chromiumOptions([`--remote-debugging-port=${port}`]);
const context = await chromium.launchPersistentContext(profile, options);

/** Signs in with the browser's own cookies, and asks; gives the conversation's address. */
async function prepare() {
  const post = async (path, data) =>
    (await context.request.post(`${server.base}/api${path}`, { data })).json();
  const account = { email: "ada@example.org", password, name: "Ada" };
  await post("/users/", account);
  await post("/login/", account);
  const { id } = await post("/projects/", {});
  for (const content of ["whole: how does a bridge stand?", "think: and in the wind?"]) {
    const query = new URLSearchParams({ content });
    await context.request.get(`${server.base}/api/projects/${id}/messages/stream?${query}`);
  }
  return `${server.base}/c/${id}`;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function audit(address, config) {
  const results = [];
  for (let run = 0; run < runs; run++) {
    const { lhr } = await lighthouse(
      address,
      { port, onlyCategories: categories, disableStorageReset: true, logLevel: "error" },
      config,
    );
    results.push(lhr);
  }
  const scores = categories.map((category) => ({
    category,
    scores: results.map((lhr) => Math.round(lhr.categories[category].score * 100)),
  }));
  const said = scores.map(({ category, scores }) => `${category} ${scores.join("/")}`).join(", ");
  const missed = results.flatMap((lhr) =>
    Object.values(lhr.audits)
      .filter(
        ({ score, scoreDisplayMode }) =>
          score !== null && score < 0.9 && scoreDisplayMode !== "informative",
      )
      .map(({ id, displayValue }) => `${id} ${displayValue ?? ""}`),
  );
  check(
    scores.every(({ scores }) => median(scores) === 100),
    `${said}\n${[...new Set(missed)].join(", ")}`,
  );
  return said;
}

await step("desktop: login", () => audit(`${server.base}/login`, desktopConfig));
await step("phone: login", () => audit(`${server.base}/login`));
const conversation = await prepare();
await step("desktop: chat", () => audit(conversation, desktopConfig));
await step("phone: chat", () => audit(conversation));

await context.close();
await rm(profile, { recursive: true, force: true });
await server.stop();
model.close();
finish();
