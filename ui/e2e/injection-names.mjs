/**
 * Gives everything that has a name one that means harm, people, conversations, keys, devices, passkeys, model servers and their
 * models, and looks at every page that shows names: `node e2e/injection-names.mjs`.
 */
import { addAuthenticator } from "./authenticator.mjs";
import { openBrowser } from "./browser.mjs";
import { canary, corpus } from "./injection-corpus.mjs";
import { inspect } from "./injection-inspect.mjs";
import { startLoquat } from "./loquat.mjs";
import { startProvider } from "./provider.mjs";
import { check, createReport, waitUntil } from "./report.mjs";
import { password, startVisit } from "./visit.mjs";

/** Names are short, and those of model servers have no slash. */
const short = corpus.filter((text) => text.length <= 100 && text.trim() === text).slice(0, 60);
/** What every object has already, for pages that keep things by their names. */
const inherited = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "__proto__[ran]=1",
];
const names = [...short, ...inherited];
const headers = names.filter((name) => /^[\x20-\x7e]+$/.test(name));
const slashless = names.filter((name) => !name.includes("/")).slice(0, 3);

const model = await startProvider(names);
const server = await startLoquat({
  OPENAI_BASE_URL: model.base,
  LOQUAT_ALLOWED_PROVIDER_HOSTS: "127.0.0.1",
});
const browser = await openBrowser();
const report = createReport();

// Passkeys want a name instead of a number.
const base = server.base.replace("127.0.0.1", "localhost");
const visit = await startVisit(browser, base, { email: "root@example.org" });
const { page, complaints } = visit;

async function makeAll() {
  await waitUntil(() => server.setupLink(), "the server prints no link");
  const invite = server.setupLink().split("#invite=").at(-1);
  const account = { email: visit.email, password };
  await visit.api("POST", "/users/", { ...account, invite });
  await visit.api("POST", "/login/", account);
  let made = 0;
  const make = async (path, data, method = "POST") => {
    made += 1;
    return visit.api(method, path, data);
  };
  for (const [at, name] of names.entries()) {
    await make("/projects/", { name });
    await make("/keys/", { name, scope: "read" });
    await make("/admin/users/", { name, email: `person-${at}@example.org` });
  }
  // Each without a cookie, for whoever signs in with one ends the session it was for.
  for (const userAgent of headers.slice(0, 20)) {
    const signedIn = await fetch(`${base}/api/login/`, {
      method: "POST",
      body: JSON.stringify(account),
      headers: { "content-type": "application/json", "user-agent": userAgent },
    });
    check(signedIn.ok, `a sign-in as ${userAgent}: ${signedIn.status}`);
    made += 1;
  }
  for (const name of slashless) {
    await make("/providers/", { name, base_url: model.base });
  }
  const { items } = await visit.api("GET", "/providers/");
  const added = items.find(({ id }) => id);
  const models = (await visit.api("GET", `/providers/${added.id}/models`)).items;
  check(models.length > 20, `only ${models.length} models`);
  // Those with a line break can be listed, and nothing can be said of them.
  const sayable = models.map(({ model }) => model).filter((name) => !/\p{Cc}/u.test(name));
  for (const one of sayable.slice(0, 10)) {
    const said = { model: one, offered_to: "administrators" };
    await make(`/providers/${added.id}/models`, said, "PATCH");
  }
  await make("/users/me", { name: names[0] }, "PATCH");
  return made;
}

async function unharmed() {
  const wrong = await page.evaluate(inspect, canary);
  check(wrong.length === 0, wrong.join("\n"));
  check(complaints.length === 0, complaints.join("\n"));
  check(page.url().startsWith(base), `the page is now ${page.url()}`);
}

/** Whether a name is shown as it is, so that what is looked at is really there. */
async function shows(name, place = page) {
  await place.getByText(name).first().waitFor({ state: "attached" });
}

let made = 0;
await report.step("everything gets a name", async () => {
  made = await makeAll();
  check(made > 150, `only ${made} names`);
});

await report.step("the list of conversations", async () => {
  await visit.goto("/");
  await shows(names.at(-1));
  await unharmed();
});

await report.step("a conversation, its title and its menu of models", async () => {
  const { items } = await visit.api("GET", "/projects/");
  for (const { id, name } of items.slice(0, 12)) {
    await visit.goto(`/c/${id}`);
    await waitUntil(
      async () => (await page.title()).includes(name.slice(0, 20)),
      `no title ${name}`,
    );
    await unharmed();
  }
  await page
    .getByRole("button", { name: /^Model/ })
    .first()
    .click();
  await unharmed();
});

await report.step("what would reach every object reaches none", async () => {
  const planted = '{"__proto__":{"ran":1},"constructor":{"prototype":{"ran":1}}}';
  const made = await page.request.fetch(`${base}/api/projects/`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    data: `{"name":"planted","parameters":{"extra":${planted}}}`,
  });
  check(made.status() === 201, `it is refused: ${made.status()}`);
  const { id } = await made.json();
  const draft = `(() => { for (const key of Object.keys(localStorage)) localStorage.setItem(key, '${planted}'); })()`;
  for (const path of [
    `/c/${id}`,
    "/?__proto__[ran]=1&constructor.prototype.ran=1#__proto__",
    `/c/__proto__`,
  ]) {
    await visit.goto(path);
    await page.evaluate(draft);
    await page.reload();
    await page.getByRole("navigation", { name: "Conversations" }).waitFor();
    await page.waitForLoadState("networkidle");
    // A conversation that is not there is told as such.
    while (complaints.at(-1)?.includes("status of 404")) complaints.pop();
    // Whatever every object inherits, the window does.
    await unharmed();
  }
  await page.evaluate(() => localStorage.clear());
});

await report.step("a passkey", async () => {
  await addAuthenticator(visit);
  await visit.goto("/settings");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill(names[1]);
  await dialog.getByLabel("Your password").fill(password);
  await dialog.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("button", { name: "I have kept them" }).click();
  await shows(names[1], page.getByRole("main"));
  await unharmed();
});

await report.step("the settings, with every list to its end", async () => {
  await visit.goto("/settings");
  await page.getByRole("region", { name: "Audit log" }).getByRole("listitem").first().waitFor();
  const more = page.getByRole("button", { name: /^(Show|Load) more/ });
  while ((await more.count()) > 0) {
    const before = await page.getByRole("listitem").count();
    await more.first().click();
    await waitUntil(
      async () => (await page.getByRole("listitem").count()) > before,
      "no more came",
    );
  }
  for (const region of ["API keys", "People", "Passkeys", "Model servers", "Audit log"]) {
    const found = page.getByRole("region", { name: region });
    const told = (await found.allInnerTexts()).join();
    check(
      /[<>]|javascript:|\]\(/.test(told),
      `${region} shows none of the names: ${told.slice(0, 200)}`,
    );
  }
  await unharmed();
});

await report.step("what is asked before something is deleted, which names it", async () => {
  for (const region of ["API keys", "Devices"]) {
    const place = page.getByRole("region", { name: region });
    await place.getByRole("listitem").nth(1).getByRole("button").first().click();
    await unharmed();
    await page.keyboard.press("Escape");
  }
});

await visit.close();
await browser.close();
await server.stop();
model.close();
report.finish();
