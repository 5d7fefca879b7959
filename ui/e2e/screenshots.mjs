/**
 * Makes the README's pictures from a running server:
 * `node e2e/screenshots.mjs BASE_URL [DIR]` writes desktop-light, desktop-dark and phone.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openBrowser } from "./browser.mjs";

const base = process.argv[2]?.replace(/\/$/, "");
const folder = process.argv[3] ?? "../docs/images";
if (!base) {
  console.error("usage: node e2e/screenshots.mjs BASE_URL [DIR]");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });

const pictures = [
  { name: "desktop-light", theme: "light", width: 1200, height: 760 },
  { name: "desktop-dark", theme: "dark", width: 1200, height: 760 },
  { name: "phone", theme: "light", width: 390, height: 760, phone: true },
];
const questions = [
  "Name three birds that sing at night",
  "A packing list for two days of rain",
  "Explain how a suspension bridge carries its load",
];

const browser = await openBrowser();
const email = `pictures-${Date.now()}@example.org`;
const password = "a quiet orchard in May";

async function newPage({ theme, width, height, phone = false }) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    hasTouch: phone,
    isMobile: phone,
  });
  const page = await context.newPage();
  await page.goto(base);
  await page.getByLabel("Email").waitFor();
  return page;
}

async function signIn(page) {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("textbox", { name: "Message" }).waitFor();
}

/** Registers once and asks, so that there is something to see. */
async function prepare() {
  const page = await newPage(pictures[0]);
  await page.getByRole("link", { name: "Create an account" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Ada");
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  for (const question of questions) {
    const box = page.getByRole("textbox", { name: "Message" });
    await box.waitFor();
    await box.fill(question);
    await box.press("Enter");
    await page.waitForURL(/\/c\//);
    await page.getByRole("button", { name: "Copy answer" }).waitFor({ timeout: 120_000 });
    if (question !== questions.at(-1)) {
      await page.getByRole("navigation").getByRole("button", { name: "New chat" }).click();
      await page.getByRole("heading", { name: /on your mind/ }).waitFor();
    }
  }
  await page.waitForTimeout(1500);
  const address = page.url();
  await page.context().close();
  return address;
}

const address = await prepare();
for (const picture of pictures) {
  const page = await newPage(picture);
  await signIn(page);
  await page.goto(address);
  const first = page.getByRole("article").first();
  await first.waitFor();
  // Formulas and colours come a moment after the text.
  await page.waitForTimeout(1500);
  await first.scrollIntoViewIfNeeded();
  await page.locator("textarea").blur();
  await page.mouse.move(1, 1);
  await page.waitForTimeout(400);
  const path = join(folder, `${picture.name}.png`);
  await page.screenshot({ path });
  console.log(path);
  await page.context().close();
}
await browser.close();
