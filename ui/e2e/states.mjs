/**
 * Pictures of what a healthy server seldom shows: `node e2e/states.mjs DIR [WORD…]` plays each
 * ending of the fake server in a wide and a narrow window, by day and by night.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openBrowser } from "./browser.mjs";

const [folder, ...chosen] = process.argv.slice(2);
if (!folder) {
  console.error("usage: node e2e/states.mjs DIR [WORD…]");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const all = ["fail", "refuse", "limit", "interrupt", "length", "filter", "decline", "tool", "odd"];
const shapes = ["ponder", "arabic", "wide", "diagram"];
const words =
  chosen.length > 0 ? chosen : [...all, ...shapes, "cached", "queue", "stop", "crowd", "often"];

const server = spawn(process.execPath, [new URL("fake-server.mjs", import.meta.url).pathname], {
  stdio: ["ignore", "pipe", "inherit"],
});
const [line] = await once(server.stdout, "data");
const base = String(line).match(/http:\S+/)[0];
const browser = await openBrowser();
let complaints = 0;

async function visit({ name, theme, width, height }) {
  const phone = width < 500;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    hasTouch: phone,
    isMobile: phone,
    locale: process.env.LANGUAGE_OF_PAGE ?? "en-GB",
  });
  const page = await context.newPage();
  page.on("console", (message) => {
    // The browser itself reports the refusals that some words provoke, and that there are no news.
    if (message.type() !== "error" || /429|\/api\/ws/.test(message.text())) return;
    complaints++;
    console.log(`console: ${message.text()}`);
  });
  const account = { email: `${name}@example.org`, password: "a quiet orchard", name: "Ada" };
  await page.request.post(`${base}/api/users/`, { data: account });
  await page.request.post(`${base}/api/login/`, { data: account });
  for (const word of words) {
    await page.goto(base);
    const box = page.locator("textarea");
    await box.fill(`${word === "stop" ? "slow" : word} and tell me how a bridge stands`);
    await page.locator("button[type=submit]").click();
    await page.waitForTimeout({ cached: 3000, queue: 300 }[word] ?? 1800);
    if (word === "stop") await page.locator("form button").last().click();
    await page.waitForTimeout(600);
    await page.mouse.move(width / 2, height / 2);
    await page.screenshot({ path: join(folder, `${word}-${name}.png`) });
  }
  await context.close();
}

await visit({ name: "wide-light", theme: "light", width: 1280, height: 800 });
await visit({ name: "wide-dark", theme: "dark", width: 1280, height: 800 });
await visit({ name: "narrow-light", theme: "light", width: 390, height: 780 });
await visit({ name: "narrow-dark", theme: "dark", width: 390, height: 780 });
await browser.close();
server.kill();
console.log(`${words.length * 4} pictures in ${folder}, ${complaints} complaints`);
process.exit(complaints > 0 ? 1 : 0);
