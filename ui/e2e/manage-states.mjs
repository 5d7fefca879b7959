/**
 * Pictures of the managing part, against the fake server: `node e2e/manage-states.mjs DIR [STATE…]`
 * in three widths, by day and by night. LANGUAGE_OF_PAGE=de shows the German ones.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openBrowser } from "./browser.mjs";

const [folder, ...chosen] = process.argv.slice(2);
if (!folder) {
  console.error("usage: node e2e/manage-states.mjs DIR [STATE…]");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const language = process.env.LANGUAGE_OF_PAGE ?? "en-GB";
let complaints = 0;
let pictures = 0;

async function serve(env) {
  const script = new URL("fake-server.mjs", import.meta.url).pathname;
  const server = spawn(process.execPath, [script], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const [line] = await once(server.stdout, "data");
  return { base: String(line).match(/http:\S+/)[0], stop: () => server.kill() };
}

const states = {
  async sidebar({ page, open }) {
    await open("/");
    const more = page.locator("nav li button[aria-haspopup=menu]");
    for (const at of [4, 2]) {
      await page.locator("nav li").nth(at).hover();
      await more.nth(at).click();
      await page.locator("[role=menu]:popover-open button").first().click();
      await page.waitForTimeout(150);
    }
    await page.locator("nav li").nth(1).hover();
    await more.nth(1).click();
    await page.waitForTimeout(150);
  },
  async search({ page, open }) {
    await open("/");
    await page.locator("input[type=search]").fill("number 12");
    await page.waitForTimeout(600);
  },
  async nothing({ page, open }) {
    await open("/");
    await page.locator("input[type=search]").fill("pomegranate");
    await page.waitForTimeout(600);
  },
  async rename({ page, open }) {
    await open("/");
    await page.locator("nav li").nth(1).hover();
    await page.locator("nav li button[aria-haspopup=menu]").nth(1).click();
    await page.locator("[role=menu]:popover-open button").nth(1).click();
  },
  async deleted({ page, open }) {
    await open("/");
    await page.locator("nav li").nth(1).hover();
    await page.locator("nav li button[aria-haspopup=menu]").nth(1).click();
    await page.locator("[role=menu]:popover-open button").nth(2).click();
    await page.waitForTimeout(300);
  },
  async picker({ page, goto }) {
    await goto("/");
    await page.locator("form button[popovertarget]").click();
    await page.waitForTimeout(300);
  },
  async "picker-typed"({ page, goto }) {
    await goto("/");
    await page.locator("form button[popovertarget]").click();
    await page.locator("input[role=combobox]").fill("qwen 1");
    await page.waitForTimeout(300);
  },
  async "picker-none"({ page, goto }) {
    await goto("/");
    await page.locator("form button[popovertarget]").click();
    await page.locator("input[role=combobox]").fill("nothing of that name");
    await page.waitForTimeout(300);
  },
  async account({ page, open }) {
    await open("/");
    await page.locator("nav > div:last-child button").click();
    await page.waitForTimeout(200);
  },
  async settings({ page, goto }) {
    await goto("/settings");
    await page.waitForTimeout(500);
  },
  async "settings-foot"({ page, goto }) {
    await goto("/settings");
    await page.waitForTimeout(400);
    await page.locator("main section").last().scrollIntoViewIfNeeded();
  },
  async password({ page, goto }) {
    await goto("/settings");
    await page.locator("main section").nth(2).locator("button").first().click();
    await page.locator("input[name=current_password]").fill("not this one");
    await page.locator("input[name=password]").fill("short");
    await page.keyboard.press("Enter");
    await page.waitForTimeout(300);
    await page.locator("main section").nth(2).scrollIntoViewIfNeeded();
  },
  async delete({ page, goto }) {
    await goto("/settings");
    await page.locator("main section").last().locator("button").click();
    await page.locator("dialog input").fill("someone@example.org");
    await page.keyboard.press("Enter");
    await page.waitForTimeout(300);
  },
  async conversation({ page, goto }) {
    await goto("/");
    await page.locator("main header button[aria-haspopup=dialog]").click();
    await page.locator("dialog textarea").first().fill("Answer in one paragraph.");
    await page.waitForTimeout(300);
  },
  async "conversation-wrong"({ page, goto }) {
    await goto("/");
    await page.locator("main header button[aria-haspopup=dialog]").click();
    await page.locator("dialog input[inputmode=decimal]").first().fill("7");
    await page.locator("dialog textarea").last().fill("seed: 7");
    await page.locator("dialog button[type=submit]").click();
    await page.waitForTimeout(300);
  },
  async "conversation-set"({ page, goto }) {
    await goto("/");
    await page.locator("main header button[aria-haspopup=dialog]").click();
    await page.locator("dialog input[inputmode=decimal]").first().fill("0,7");
    await page.locator("dialog button[type=submit]").click();
    await page.locator("textarea").fill("short answer, please");
    await page.locator("main form button[type=submit]").click();
    await page.waitForTimeout(1200);
  },
  async keys({ page, goto }) {
    await goto("/");
    await page.locator("textarea").blur();
    await page.keyboard.press("?");
    await page.waitForTimeout(400);
  },
};

async function visit(base, { name, theme, width, height }) {
  const phone = width < 500;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    hasTouch: phone,
    isMobile: phone,
    locale: language,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(2500);
  watch(page);
  const account = { email: `${name}@example.org`, password: "a quiet orchard", name: "Ada" };
  await page.request.post(`${base}/api/users/`, { data: account });
  await page.request.post(`${base}/api/login/`, { data: account });
  const goto = async (path) => {
    await page.goto(base + path);
    await page.locator("main header, main form").first().waitFor();
    await page.waitForTimeout(250);
  };
  const open = async (path) => {
    await goto(path);
    if (width < 880) await page.locator("main header button").first().click();
    await page.locator("nav li").first().waitFor();
  };
  for (const [state, show] of Object.entries(states)) {
    if (chosen.length > 0 && !chosen.includes(state)) continue;
    try {
      await show({ page, goto, open });
    } catch (error) {
      complaints++;
      console.log(`${state} ${name}: ${String(error.message).split("\n")[0]}`);
    }
    await shoot(page, `${state}-${name}`);
  }
  await context.close();
}

/** What somebody sees who is not signed in, or whose server has no models. */
async function visitOther(state, env, path, shown) {
  if (chosen.length > 0 && !chosen.includes(state)) return;
  const { base, stop } = await serve(env);
  for (const [theme, width] of [
    ["light", 1280],
    ["dark", 390],
  ]) {
    const context = await browser.newContext({
      viewport: { width, height: 760 },
      colorScheme: theme,
      locale: language,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(2500);
    watch(page);
    await shown?.(page, base);
    await page.goto(base + path);
    await page.locator("h1").first().waitFor();
    await page.waitForTimeout(300);
    if (state.startsWith("models")) await page.locator("form button[popovertarget]").click();
    await page.waitForTimeout(200);
    await shoot(page, `${state}-${width}-${theme}`);
    await context.close();
  }
  stop();
}

async function signIn(page, base) {
  const account = { email: `${Date.now()}@example.org`, password: "a quiet orchard", name: "Ada" };
  await page.request.post(`${base}/api/users/`, { data: account });
  await page.request.post(`${base}/api/login/`, { data: account });
}

function watch(page) {
  page.on("console", (message) => {
    // The browser itself reports what the server refuses, and that this one has no WebSocket.
    if (message.type() !== "error" || /\b4\d\d\b|WebSocket/.test(message.text())) return;
    complaints++;
    console.log(`console: ${message.text()}`);
  });
}

async function shoot(page, name) {
  await page.screenshot({ path: join(folder, `${name}.png`) });
  pictures++;
}

const browser = await openBrowser();
const rich = await serve({ MODELS: "300", CONVERSATIONS: "60" });
for (const theme of ["light", "dark"]) {
  for (const [width, height] of [
    [1280, 800],
    [820, 1000],
    [390, 780],
  ]) {
    await visit(rich.base, { name: `${width}-${theme}`, theme, width, height });
  }
}
rich.stop();
await visitOther("closed", { SIGNUP: "closed" }, "/register");
await visitOther("invite", { SIGNUP: "invite" }, "/register");
await visitOther("login-closed", { SIGNUP: "closed" }, "/login");
await visitOther("login-invite", { SIGNUP: "invite" }, "/login");
await visitOther("models-none", { MODELS: "0" }, "/", signIn);
await visitOther("models-demo", { MODELS: "1" }, "/", signIn);
await browser.close();
console.log(`${pictures} pictures in ${folder}, ${complaints} complaints`);
process.exit(complaints > 0 ? 1 : 0);
