/**
 * Looks for what keeps people out, on every view by day and by night, on a desktop and on a phone:
 * `node e2e/axe.mjs [WORD…]`. axe runs beside the page's own scripts, under the content policy.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { openBrowser } from "./browser.mjs";
import { startLoquat } from "./loquat.mjs";
import { startProvider } from "./provider.mjs";
import { check, createReport, waitUntil } from "./report.mjs";
import { administrationViews, administratorViews, chatViews, doorViews } from "./views.mjs";
import { password, sizes, startVisit } from "./visit.mjs";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const words = process.argv.slice(2);

const model = await startProvider(["bridge-builder", "bridge-vision"]);
const env = { OPENAI_BASE_URL: model.base };
const server = await startLoquat(env);
const closed = await startLoquat({ ...env, LOQUAT_SIGNUP: "closed" });
const browser = await openBrowser();
const report = createReport();

/** Makes somebody who runs the server, and people to look after. */
async function makeAdministrator() {
  const administrator = { email: "root@example.org", password };
  const visit = await startVisit(browser, server.base);
  await waitUntil(() => server.setupLink(), "the server prints no link");
  const invite = server.setupLink().split("#invite=").at(-1);
  await visit.api("POST", "/users/", { ...administrator, invite });
  await visit.api("POST", "/login/", administrator);
  for (const name of ["Eve", "Zoe"]) {
    const email = `${name.toLowerCase()}@example.org`;
    const { person } = await visit.api("POST", "/admin/users/", { email, name });
    if (name === "Zoe") await visit.api("PATCH", `/admin/users/${person.id}`, { active: false });
  }
  await visit.close();
  return administrator;
}

/** The violations on the page as it is now, a line each. */
async function violations({ context, page }) {
  const session = await context.newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId: contextId } = await session.send("Page.createIsolatedWorld", {
    frameId: frameTree.frame.id,
    worldName: "axe",
  });
  const run = async (expression) => {
    const options = { expression, contextId, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await session.send("Runtime.evaluate", options);
    if (exceptionDetails) throw new Error(exceptionDetails.exception.description);
    return result.value;
  };
  await run(`${source}; true`);
  const found = await run("axe.run(document).then(({ violations }) => violations)");
  await session.detach();
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 160)}`),
  );
}

async function look(visit, views, kind) {
  for (const [name, show] of Object.entries(views)) {
    if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
    await report.step(`${kind}: ${name}`, async () => {
      await show(visit);
      const found = await violations(visit);
      check(found.length === 0, found.join("\n"));
    });
  }
}

const administrator = await makeAdministrator();
for (const size of Object.keys(sizes)) {
  await Promise.all(
    ["light", "dark"].map(async (theme) => {
      // What moves or fades in has no contrast of its own while it does.
      const more = { reducedMotion: "reduce" };
      const visit = await startVisit(browser, server.base, { size, theme, more });
      // Its first administrator is whoever comes first.
      const own = await startLoquat({ ...env, LOQUAT_ALLOWED_PROVIDER_HOSTS: "127.0.0.1" });
      visit.origins.push(own.base);
      Object.assign(visit, { closed, administrator, own, modelBase: model.base });
      await look(visit, doorViews, `${size}, ${theme}`);
      await look(visit, chatViews, `${size}, ${theme}`);
      await look(visit, administrationViews, `${size}, ${theme}`);
      await look(visit, administratorViews, `${size}, ${theme}`);
      await visit.close();
      await own.stop();
    }),
  );
}

await browser.close();
await Promise.all([server, closed].map(({ stop }) => stop()));
model.close();
report.finish();
