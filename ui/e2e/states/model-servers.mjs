/** The model servers of the settings, added and taken away by an administrator. */
import { check, waitUntil } from "../report.mjs";
import { join } from "./door.mjs";

/** A server of this state's own, and its first administrator in the settings. */
async function administer({ page, start, visitAt, email, goto }, env) {
  const server = await start(env);
  visitAt(server);
  await waitUntil(() => server.setupLink(), "the server prints no link");
  await join(page, server.setupLink(), email);
  await goto("/settings#model-servers");
  await page.getByRole("heading", { name: "Model servers" }).waitFor();
}

const modelsOf = async ({ api }) => (await api("GET", "/models/")).items;

export const modelServers = {
  "a model server, from adding it to deleting it": async (visit) => {
    const { page, provider, chat, goto } = visit;
    const base = provider.env.OPENAI_BASE_URL;
    const host = new URL(base).hostname;
    await administer(visit, { OPENAI_BASE_URL: base, LOQUAT_ALLOWED_PROVIDER_HOSTS: host });
    await page.getByText("Set by OPENAI_BASE_URL").waitFor();
    await page.getByRole("button", { name: "Add a model server" }).click();
    const form = page.getByRole("region", { name: "Model servers" });
    await form.getByRole("button", { name: "OpenRouter" }).click();
    check(
      (await form.getByLabel("Address").inputValue()) === "https://openrouter.ai/api/v1",
      "the suggestion is not taken",
    );
    await form.getByLabel("Name").fill("Workshop");
    await form.getByLabel("Address").fill(base);
    await form.getByLabel("Key").fill("sk-scripted-0123456789-WXYZ");
    await form.getByRole("button", { name: "Add", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Workshop" });
    await dialog.getByText("3 models").waitFor();
    await dialog.getByText("ends in WXYZ").waitFor();
    check(!(await page.content()).includes("sk-scripted"), "the key is still in the page");

    await dialog.getByLabel("Who may ask house-builder").selectOption("nobody");
    await dialog.getByRole("button", { name: "More for bridge-builder" }).click();
    await page.getByRole("menuitem", { name: "Make it the default" }).click();
    await dialog.getByText("Default", { exact: true }).waitFor();
    await waitUntil(async () => {
      const models = await modelsOf(visit);
      const chosen = models.find(({ is_default }) => is_default);
      const hidden = models.every(({ id }) => id !== "Workshop/house-builder");
      return hidden && chosen?.id === "Workshop/bridge-builder";
    }, "what was chosen does not hold");
    await dialog.getByRole("button", { name: "Check now" }).click();
    await dialog.getByText("3 models").waitFor();
    await dialog.getByLabel("Address").fill("https://elsewhere.example.org/v1");
    await dialog.getByText("is forgotten with it").waitFor();
    await dialog.getByLabel("Address").fill(base);
    await dialog.getByRole("button", { name: "Close" }).click();

    await goto("/");
    await chat.askAndWait("short: who answers?");
    const asked = provider.calls.findLast(({ messages }) =>
      messages.at(-1).content.startsWith("short: who answers?"),
    );
    check(asked?.model === "bridge-builder", `${asked?.model} was asked`);
    await goto("/settings#model-servers");
    await page.getByRole("button", { name: "Manage Workshop" }).click();
    await dialog.getByRole("button", { name: "Delete…" }).click();
    await dialog.getByRole("button", { name: "Delete for good" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Manage Workshop" }).waitFor({ state: "detached" });
    check(
      (await modelsOf(visit)).every(({ id }) => !id.startsWith("Workshop/")),
      "its models are still offered",
    );
  },

  "a model server that is not allowed": async (visit) => {
    const { page, provider, expected } = visit;
    expected.push(/status of 422/);
    const base = provider.env.OPENAI_BASE_URL;
    await administer(visit, { OPENAI_BASE_URL: base });
    await page.getByRole("button", { name: "Add a model server" }).click();
    const form = page.getByRole("region", { name: "Model servers" });
    await form.getByRole("button", { name: "Ollama" }).click();
    await form.getByRole("button", { name: "Add", exact: true }).click();
    await form.getByText("LOQUAT_ALLOWED_PROVIDER_HOSTS").waitFor();
    // A name is looked up only when it is connected to.
    await form.getByLabel("Address").fill(base.replace("127.0.0.1", "localhost"));
    await form.getByRole("button", { name: "Add", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Ollama" });
    await dialog.getByText("Address not allowed").waitFor();
  },
};
