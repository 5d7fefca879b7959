/** The managing part by keyboard and thumb, against the fake server: `node e2e/manage-journey.mjs`. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { openBrowser } from "./browser.mjs";
import { check, createReport } from "./report.mjs";

const script = new URL("fake-server.mjs", import.meta.url).pathname;
const server = spawn(process.execPath, [script], {
  stdio: ["ignore", "pipe", "inherit"],
  env: { ...process.env, MODELS: "300", CONVERSATIONS: "1000" },
});
const [line] = await once(server.stdout, "data");
const base = String(line).match(/http:\S+/)[0];
const browser = await openBrowser();
const account = { email: "ada@example.org", password: "a quiet orchard", name: "Ada" };
const { step, finish } = createReport();
const complaints = [];

async function open(width, height, touch) {
  const context = await browser.newContext({
    viewport: { width, height },
    hasTouch: touch,
    isMobile: touch,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(4000);
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.request.post(`${base}/api/users/`, { data: account });
  await page.request.post(`${base}/api/login/`, { data: account });
  await page.goto(base);
  await page.getByRole("heading", { name: /on your mind/ }).waitFor();
  return page;
}

let page = await open(1280, 800, false);
const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
const sidebar = () => page.getByRole("navigation", { name: "Conversations" });

await step(
  "Ctrl+B hides the sidebar, and Ctrl+K brings it back with the focus in its box",
  async () => {
    await page.keyboard.press("Control+b");
    await sidebar().waitFor({ state: "detached" });
    await page.keyboard.press("Control+k");
    await sidebar().waitFor();
    await page.waitForTimeout(100);
    check((await focused()) === "Search conversations", `the focus is on ${await focused()}`);
  },
);

await step("what was found is opened by arrow and Enter", async () => {
  await page.keyboard.type("number 777");
  await page.getByText("1 conversation", { exact: true }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: /part 777$/ }).waitFor();
  await page.getByRole("button", { name: "Clear search" }).click();
});

await step("previous and next work with the sidebar hidden and something in the box", async () => {
  await page.getByRole("textbox", { name: "Message" }).fill("half a thought");
  await page.keyboard.press("Control+b");
  await page.keyboard.press("Alt+Shift+ArrowDown");
  await page.waitForURL(/\/c\//);
  await page.keyboard.press("Control+b");
  await page.locator("nav li").first().waitFor();
});

await step("1,000 conversations load while scrolling, without long tasks", async () => {
  const list = page.locator("nav > div").nth(2);
  await page.evaluate(() => {
    window.longest = 0;
    new PerformanceObserver((entries) => {
      for (const { duration } of entries.getEntries())
        window.longest = Math.max(window.longest, duration);
    }).observe({ type: "longtask" });
  });
  for (let at = 0; at < 80 && (await page.locator("nav li").count()) < 1000; at++) {
    await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.waitForTimeout(60);
  }
  const rows = await page.locator("nav li").count();
  check(rows >= 1000, `only ${rows} rows`);
  const loading = await page.evaluate(() => window.longest);
  const { frames, slow } = await list.evaluate(async (element) => {
    const gaps = [];
    let last = performance.now();
    for (let top = element.scrollHeight; top > 0; top -= 240) {
      element.scrollTo(0, top);
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      gaps.push(now - last);
      last = now;
    }
    return {
      frames: gaps.length,
      slow: gaps.sort((a, b) => a - b)[Math.floor(gaps.length * 0.95)],
    };
  });
  check(slow < 100, `one frame in twenty takes over ${Math.round(slow)} ms`);
  return `longest task while loading ${Math.round(loading)} ms, 95 % of ${frames} frames within ${Math.round(slow)} ms`;
});

await step("a model of 300 is chosen by a few letters and Enter, and nothing is sent", async () => {
  await page.keyboard.press("Control+Shift+O");
  await page.getByRole("heading", { name: /on your mind/ }).waitFor();
  await page.getByRole("button", { name: /^Model: / }).click();
  const began = Date.now();
  await page.keyboard.type("meta 63");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Model: meta/model-63" }).waitFor();
  check(page.url() === `${base}/`, "a message was sent");
  return `${Date.now() - began} ms`;
});

await step("what is set for a new chat is the conversation's own once it begins", async () => {
  await page.getByRole("button", { name: "Settings of this conversation" }).click();
  await page.getByLabel("System prompt").fill("Be brief.");
  await page.getByRole("textbox", { name: "Temperature" }).fill("0.3");
  await page.getByRole("button", { name: "Save" }).click();
  await page.reload();
  await page.getByRole("button", { name: "Settings of this conversation, changed" }).waitFor();
  const patch = page.waitForRequest((request) => request.method() === "PATCH");
  await page.getByRole("textbox", { name: "Message" }).fill("short answer");
  await page.keyboard.press("Enter");
  const sent = (await patch).postDataJSON();
  check(sent.system_prompt === "Be brief." && sent.parameters.temperature === 0.3, "not sent");
  await page.waitForURL(/\/c\//);
  await page.getByRole("button", { name: "Settings of this conversation, changed" }).click();
  check(
    (await page.getByRole("textbox", { name: "Temperature" }).inputValue()) === "0.3",
    "not shown",
  );
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
});

await step("Ctrl+comma leads to the settings, and back leads back", async () => {
  const before = page.url();
  await page.keyboard.press("Control+,");
  await page.getByRole("heading", { name: "Settings", level: 1 }).waitFor();
  await page.getByRole("button", { name: "Back" }).click();
  await page.waitForURL(before);
});

await step("a key is shown until it is put away, and is gone once that is confirmed", async () => {
  await page.goto(`${base}/settings`);
  await page.getByRole("button", { name: "New key" }).click();
  await page.keyboard.type("backup");
  await page.keyboard.press("Enter");
  const shown = page.getByRole("group", { name: "Your new key" });
  check(/^lq_[0-9a-f]{64}/.test(await shown.locator("code").first().textContent()), "no key");
  check((await focused()) === "Your new key", `the focus is on ${await focused()}`);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "I have copied it" }).click();
  await shown.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Delete backup" }).click();
  await page.getByRole("button", { name: "Delete key" }).click();
  await page.getByText("backup", { exact: true }).waitFor({ state: "detached" });
});

await step("the data comes as a file", async () => {
  await page.goto(`${base}/settings`);
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download everything" }).click();
  return (await download).suggestedFilename();
});
await page.context().close();

page = await open(390, 780, true);
const drawer = page.getByRole("dialog", { name: "Conversations" });

await step("on a phone the drawer closes on back, and the page stays", async () => {
  await page.getByRole("button", { name: "Show conversations" }).click();
  await drawer.waitFor();
  check((await drawer.count()) === 1, "no drawer");
  await page.goBack();
  await drawer.waitFor({ state: "hidden" });
  await page.getByRole("heading", { name: /on your mind/ }).waitFor();
});

await step("the drawer keeps the focus, and closes when somewhere is gone", async () => {
  await page.getByRole("button", { name: "Show conversations" }).click();
  await drawer.waitFor();
  for (let at = 0; at < 12; at++) await page.keyboard.press("Tab");
  const inside = await page.evaluate(() => {
    const { activeElement } = document;
    return activeElement === document.body || activeElement?.closest("dialog") !== null;
  });
  check(inside, "the focus left the drawer");
  await drawer.getByRole("link").first().click();
  await drawer.waitFor({ state: "hidden" });
  await page.waitForURL(/\/c\//);
  await page.goBack();
  await page.getByRole("heading", { name: /on your mind/ }).waitFor();
  check(!(await drawer.isVisible()), "back opened the drawer again");
});

await step("Escape and the cross close it too", async () => {
  for (const close of [
    () => page.keyboard.press("Escape"),
    () => drawer.getByRole("button", { name: "Close" }).click(),
  ]) {
    await page.getByRole("button", { name: "Show conversations" }).click();
    await drawer.waitFor();
    await close();
    await drawer.waitFor({ state: "hidden" });
    await page.waitForTimeout(150);
    check(page.url() === `${base}/`, `it went to ${page.url()}`);
  }
});

await step("deleting the account says so at the door", async () => {
  await page.goto(`${base}/settings`);
  await page.getByRole("button", { name: "Delete account…" }).click();
  await page.getByLabel(/To confirm/).fill(account.email);
  await page.getByRole("button", { name: "Delete for good" }).click();
  await page.getByText("Your account is deleted").waitFor();
});

await step("nothing was thrown", () => {
  check(complaints.length === 0, complaints.join("\n"));
});

await browser.close();
server.kill();
finish();
