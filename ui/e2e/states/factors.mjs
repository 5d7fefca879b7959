/** Second factors: an app, passkeys, recovery codes, and a server that asks for one. */
import { addAuthenticator, totp } from "../authenticator.mjs";
import { check, waitUntil } from "../report.mjs";
import { password } from "../visit.mjs";

/** Browsers allow passkeys by name only. */
export function byName(visit, { base } = visit) {
  visit.visitAt({ base: base.replace("127.0.0.1", "localhost") });
}

/** Sets an app up. Returns its secret and the recovery codes, which are still on the screen. */
export async function setUpApp(page) {
  await page.getByRole("button", { name: "Set up an authenticator app" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Your password").fill(password);
  await dialog.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("img", { name: /^QR code/ }).waitFor();
  const secret = await page.locator("code", { hasText: /^([A-Z2-7]{4} ?){8}$/ }).innerText();
  await page.getByLabel("Code from your app").fill(totp(secret, -1));
  await page.getByRole("button", { name: "Turn on" }).click();
  const box = page.getByRole("group", { name: "Your recovery codes" });
  await box.waitFor();
  const codes = await box.getByRole("listitem").allInnerTexts();
  check(codes.length === 10, `there are ${codes.length} codes`);
  return { secret, codes };
}

async function firstStep(page, email) {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

const arrived = (page) => page.getByRole("heading", { name: /on your mind/ }).waitFor();

export const factors = {
  "an authenticator app, from the QR code to the sign-in": async (visit) => {
    const { page, signUp, goto, email, expected, context } = visit;
    expected.push(/status of 401/);
    await signUp();
    await goto("/settings");
    const { secret, codes } = await setUpApp(page);
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download", exact: true }).click(),
    ]);
    check(file.suggestedFilename() === "loquat-recovery-codes.txt", "the file has another name");
    await page.getByRole("button", { name: "I have kept them" }).click();
    await page.getByText("10 left").waitFor();
    await context.clearCookies();
    await goto("/login");
    await firstStep(page, email);
    await page.getByRole("heading", { name: "One more step" }).waitFor();
    const code = page.getByLabel("Code from your app");
    check((await code.getAttribute("autocomplete")) === "one-time-code", "no one-time code");
    await code.fill("000000");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("This code is wrong, or was used already.").waitFor();
    await code.fill(totp(secret));
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await arrived(page);
    // Without the phone.
    await context.clearCookies();
    await goto("/login");
    await firstStep(page, email);
    await page.getByRole("button", { name: "Use a recovery code" }).click();
    await page.getByLabel("Recovery code").fill(codes[0].toUpperCase());
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await arrived(page);
    // And off again.
    await goto("/settings");
    await page.getByText("9 left").waitFor();
    await page.getByRole("button", { name: "Remove", exact: true }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Your password").fill(password);
    await dialog.getByRole("button", { name: "Use a recovery code" }).click();
    await dialog.getByLabel("Recovery code").fill(codes[0]);
    await dialog.getByRole("button", { name: "Remove", exact: true }).click();
    await dialog.getByText("This code is wrong, or was used already.").waitFor();
    await dialog.getByLabel("Recovery code").fill(codes[1]);
    await dialog.getByRole("button", { name: "Remove", exact: true }).click();
    await page.getByRole("button", { name: "Set up an authenticator app" }).waitFor();
  },

  "a passkey, from the settings to the sign-in": async (visit) => {
    const { page, signUp, goto, email, context, expected } = visit;
    expected.push(/status of 401/);
    byName(visit);
    const device = await addAuthenticator(visit);
    await signUp();
    await goto("/settings");
    await page.getByRole("button", { name: "Add a passkey" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("Laptop");
    await dialog.getByLabel("Your password").fill(password);
    await dialog.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("group", { name: "Your recovery codes" }).waitFor();
    await page.getByRole("button", { name: "I have kept them" }).click();
    await page.getByText("Laptop", { exact: true }).waitFor();
    check((await device.credentials())[0]?.isResidentCredential, "the device cannot find it");
    await context.clearCookies();
    await goto("/login");
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await arrived(page);
    // The password alone is not enough any more, and the passkey is the second step too.
    await context.clearCookies();
    await goto("/login");
    await firstStep(page, email);
    await page.getByRole("button", { name: "Use your passkey" }).click();
    await arrived(page);
    await goto("/settings");
    await page.getByText(/^Made on .* last used/).waitFor();
    await page.getByRole("button", { name: "Delete Laptop" }).click();
    await dialog.getByLabel("Your password").fill(password);
    await dialog.getByRole("button", { name: "With a passkey instead" }).click();
    await page.getByText("Passkey deleted").waitFor();
    await context.clearCookies();
    await goto("/login");
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.getByText("This passkey does not sign in here.").waitFor();
    await firstStep(page, email);
    await arrived(page);
  },

  "a passkey that somebody else holds": async (visit) => {
    const { page, goto } = visit;
    byName(visit);
    const device = await addAuthenticator(visit);
    await device.setVerified(false);
    await goto("/login");
    const button = page.getByRole("button", { name: "Sign in with a passkey" });
    await button.click();
    await waitUntil(
      async () => (await button.getAttribute("aria-busy")) === null && (await button.isEnabled()),
      "it waits for ever",
    );
    check(page.url().endsWith("/login"), `it went to ${page.url()}`);
  },

  "where passkeys do not work": async ({ page, signUp, goto }) => {
    await goto("/login");
    await page.getByRole("heading", { name: "Welcome back" }).waitFor();
    check((await page.getByText("Sign in with a passkey").count()) === 0, "it offers passkeys");
    await signUp();
    await goto("/settings");
    await page.getByText("Browsers allow passkeys only where").waitFor();
  },

  "a server that asks for a second factor": async (visit) => {
    const { page, start, visitAt, goto, email, chat } = visit;
    const server = await start({ LOQUAT_REQUIRE_SECOND_FACTOR: "everyone" });
    visitAt(server);
    await goto("/register");
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("heading", { name: "Make your account safer" }).waitFor();
    await goto("/settings");
    await page.getByRole("heading", { name: "Make your account safer" }).waitFor();
    await setUpApp(page);
    check(await page.getByRole("heading", { name: "Make your account safer" }).isVisible(), "gone");
    await page.getByRole("button", { name: "I have kept them" }).click();
    await page.getByRole("heading", { name: "API keys" }).waitFor();
    await goto("/");
    await chat.askAndWait("short: hello");
  },
};
