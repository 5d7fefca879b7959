/**
 * Every state of the page, played by the real executable with a scripted model on a desktop and on a
 * phone: `node e2e/states.mjs [--screenshots DIR] [WORD…]` plays those whose names have a word.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openBrowser } from "./browser.mjs";
import { startLoquat } from "./loquat.mjs";
import { startProvider } from "./provider.mjs";
import { check, createReport } from "./report.mjs";
import { account } from "./states/account.mjs";
import { administration } from "./states/administration.mjs";
import { answers } from "./states/answers.mjs";
import { attachments } from "./states/attachments.mjs";
import { connection } from "./states/connection.mjs";
import { door } from "./states/door.mjs";
import { factors } from "./states/factors.mjs";
import { failures } from "./states/failures.mjs";
import { limits } from "./states/limits.mjs";
import { managing } from "./states/managing.mjs";
import { modelServers } from "./states/model-servers.mjs";
import { shapes } from "./states/shapes.mjs";
import { sizes, startVisit } from "./visit.mjs";

const words = process.argv.slice(2);
const shots = words[0] === "--screenshots" ? words.splice(0, 2)[1] : null;
if (shots) mkdirSync(shots, { recursive: true });

const states = {
  ...door,
  ...factors,
  ...answers,
  ...failures,
  ...connection,
  ...shapes,
  ...attachments,
  ...managing,
  ...account,
  ...modelServers,
  ...limits,
  ...administration,
};
const chosen = Object.entries(states).filter(
  ([name]) => words.length === 0 || words.some((word) => name.includes(word)),
);

const browser = await openBrowser();
const report = createReport();

async function play(name, state, size, { server, provider }) {
  const servers = [];
  const visit = await startVisit(browser, server.base, { size });
  Object.assign(visit, {
    server,
    provider,
    /** A server of this state's own. */
    start: async (env) => {
      const own = await startLoquat(env);
      servers.push(own);
      return own;
    },
    visitAt: ({ base }) => {
      visit.base = base;
      visit.origins.push(base);
    },
  });
  try {
    await state(visit);
    check(visit.complaints.length === 0, visit.complaints.join("\n"));
  } finally {
    if (shots) {
      const path = join(shots, `${name.replace(/\W+/g, "-")}-${size}.png`);
      await visit.page.screenshot({ path }).catch(() => {});
    }
    await visit.close();
    await Promise.all(servers.map((own) => own.stop()));
  }
}

/** Each size has a server and a model of its own, so that what a model was told was told by this state. */
async function playAll(size) {
  const model = await startProvider(["bridge-builder", "house-builder", "bridge-vision"]);
  const provider = {
    calls: model.calls,
    env: { OPENAI_BASE_URL: model.base, OPENAI_API_KEY: "sk-scripted" },
  };
  const server = await startLoquat(provider.env);
  for (const [name, state] of chosen) {
    await report.step(`${size}: ${name}`, () => play(name, state, size, { server, provider }));
  }
  await server.stop();
  model.close();
}

// Both at once: most of the time somebody waits for a word.
await Promise.all(Object.keys(sizes).map(playAll));

await browser.close();
report.finish();
