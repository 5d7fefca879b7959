import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Provider, ProviderModel } from "../../../api/client";
import { I18n } from "../../../test/i18n";
import { ModelServers } from "./model-servers";
import { leadsElsewhere } from "./presets";

const time = "2026-01-01T12:00:00Z";
const server = (more: Partial<Provider> = {}): Provider => ({
  id: "s",
  name: "Workshop",
  base_url: "https://api.example.org/v1",
  has_key: true,
  key_hint: "WXYZ",
  prefill: "auto",
  offered_to: "everyone",
  enabled: true,
  state: "works",
  model_count: 2,
  created_at: time,
  updated_at: time,
  ...more,
});
const model = (name: string, more: Partial<ProviderModel> = {}): ProviderModel => ({
  model: name,
  offered_to: "everyone",
  offered_to_is_own: false,
  is_default: false,
  is_naming: false,
  is_listed: true,
  images: false,
  images_is_own: false,
  ...more,
});
const configured = {
  name: "cellar",
  base_url: "http://10.0.0.7/v1",
  source: "file",
  has_key: false,
  state: "unreachable",
  detail: "no",
};

const asked: string[] = [];
let servers: Provider[] = [];
let refusal: { status: number; code: string; field?: string; detail?: string } | null = null;
let small = model("small");

beforeEach(() => {
  asked.length = 0;
  servers = [server()];
  refusal = null;
  small = model("small");
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname, search } = new URL(request.url);
    const text = await request.text();
    if (request.method !== "GET")
      asked.push(`${request.method} ${pathname}${search} ${text}`.trim());
    if (refusal && request.method !== "GET")
      return Response.json(refusal, { status: refusal.status });
    if (request.method === "DELETE") {
      servers = [];
      return new Response(null, { status: 204 });
    }
    if (pathname.endsWith("/models")) {
      return Response.json({ items: [model("large"), small] });
    }
    if (request.method === "GET")
      return Response.json({ items: servers, configured: [configured] });
    const made = server({ ...JSON.parse(text || "{}"), key_hint: null });
    if (request.method === "POST" && !pathname.endsWith("/check")) servers = [made];
    return Response.json(made, { status: 201 });
  });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={queries}>
      <ModelServers />
    </QueryClientProvider>,
    { wrapper: I18n },
  );
});
afterEach(() => vi.unstubAllGlobals());

const press = (name: string) => fireEvent.click(screen.getByRole("button", { name }));
const write = (label: string, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });

// Popovers neither open nor close here, and what is in them is only there once they do.
HTMLElement.prototype.hidePopover ??= () => {};

function choose(model: string, item: string) {
  const menu = screen.getByRole("menu", { name: `More for ${model}`, hidden: true });
  fireEvent(menu, Object.assign(new Event("beforetoggle"), { newState: "open" }));
  fireEvent.click(within(menu).getByText(item));
}

test("servers say how they are, and only those of the page can be managed", async () => {
  expect((await screen.findByText("Workshop")).textContent).toBe("Workshop2 models");
  expect(screen.getByText("cellar").textContent).toBe("cellarCannot be reached");
  expect(screen.getByText(/it is changed there/)).toBeDefined();
  expect(screen.queryByRole("button", { name: "Manage cellar" })).toBeNull();
});

test("a suggestion fills the form, and what is added is opened", async () => {
  await screen.findByText("Workshop");
  press("Add a model server");
  press("Groq");
  write("Key", "sk-1");
  press("Add");
  const dialog = within(await screen.findByRole("dialog", { name: "Groq" }));
  expect(asked).toEqual([
    'POST /api/providers/ {"name":"Groq","base_url":"https://api.groq.com/openai/v1","api_key":"sk-1"}',
  ]);
  expect(dialog.getByText("2 models")).toBeDefined();
  expect(document.body.innerHTML).not.toContain("sk-1");
});

test("what is wrong with a server is told at its field, in words of the page", async () => {
  await screen.findByText("Workshop");
  press("Add a model server");
  press("Ollama");
  for (const [field, words] of [
    ["base_url", /^It leads to this server's own machine or network/],
    ["name", /^Write 1 to 64 characters, without a slash/],
    ["api_key", /^This is no key/],
  ] as const) {
    refusal = { status: 422, code: "invalid", field, detail: "the api_key is of no use" };
    press("Add");
    await waitFor(() => expect(screen.getByRole("alert").textContent).toMatch(words));
  }
  refusal = { status: 422, code: "invalid", field: "base_url", detail: "this is no address" };
  write("Address", "ftp://elsewhere");
  press("Add");
  await screen.findByText(/^Write an address like/);
  expect(screen.getByLabelText("Address").getAttribute("aria-invalid")).toBe("true");
});

test("another host says that the key is forgotten, and only what changed is sent", async () => {
  await screen.findByText("Workshop");
  press("Manage Workshop");
  expect(screen.getByText(/ends in WXYZ/)).toBeDefined();
  write("Address", "https://other.example.org/v1");
  expect(screen.getByText(/is forgotten with it/)).toBeDefined();
  press("Save");
  await waitFor(() =>
    expect(asked).toEqual(['PATCH /api/providers/s {"base_url":"https://other.example.org/v1"}']),
  );
});

test("a model is offered to somebody else", async () => {
  await screen.findByText("Workshop");
  press("Manage Workshop");
  await screen.findByLabelText("Who may ask large");
  write("Who may ask large", "administrators");
  await waitFor(() =>
    expect(asked).toEqual([
      'PATCH /api/providers/s/models {"model":"large","offered_to":"administrators"}',
    ]),
  );
});

test("a model is said to take images, and not to, and left to tell itself", async () => {
  small = model("small", { images: true, images_is_own: true });
  await screen.findByText("Workshop");
  press("Manage Workshop");
  await screen.findByLabelText("Who may ask large");
  expect(screen.getAllByText("Takes images")).toHaveLength(1);
  choose("large", "It takes images");
  choose("small", "It takes no images");
  choose("small", "Find out whether it takes images");
  expect(screen.queryAllByText("Find out whether it takes images")).toHaveLength(1);
  const path = "PATCH /api/providers/s/models";
  await waitFor(() =>
    expect(asked).toEqual([
      `${path} {"model":"large","images":true}`,
      `${path} {"model":"small","images":false}`,
      `${path} {"model":"small","images":null}`,
    ]),
  );
});

test("a server is deleted only once that is confirmed", async () => {
  await screen.findByText("Workshop");
  press("Manage Workshop");
  press("Delete…");
  press("Keep it");
  press("Delete…");
  expect(asked).toEqual([]);
  press("Delete for good");
  await waitFor(() => expect(asked).toEqual(["DELETE /api/providers/s"]));
  await waitFor(() => expect(screen.queryByRole("button", { name: "Manage Workshop" })).toBeNull());
});

test("a server that somebody else has deleted goes from the list", async () => {
  await screen.findByText("Workshop");
  press("Manage Workshop");
  refusal = { status: 404, code: "not_found" };
  servers = [];
  press("Check now");
  await waitFor(() => expect(screen.queryByText("Workshop")).toBeNull());
});

test.each([
  ["https://api.example.org/v2", false],
  ["https://api.example.org:443/v1", false],
  ["http://api.example.org/v1", true],
  ["https://api.example.org:8443/v1", true],
  ["https://evil.example.org/v1", true],
  ["half an add", false],
])("%s leads elsewhere: %s", (text, elsewhere) =>
  expect(leadsElsewhere(text, "https://api.example.org/v1")).toBe(elsewhere),
);
