import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { I18n } from "../../../test/i18n";
import { StorageUsed } from "../storage-used";
import { Limits } from "./limits";
import { limitWords } from "./words";

const names = limitWords().map(([name]) => name);
let limits: Record<string, { value: number; as_started: number; is_set: boolean }> = {};
let storage: object = {};
let refusal: object | null = null;
const asked: unknown[] = [];

beforeEach(() => {
  limits = Object.fromEntries(
    names.map((name) => [name, { value: 60, as_started: 60, is_set: false }]),
  );
  limits.storage_per_person = { value: 1024 ** 3, as_started: 1024 ** 3, is_set: false };
  limits.live_answers = { value: 0, as_started: 1000, is_set: true };
  refusal = null;
  asked.length = 0;
  vi.stubGlobal("fetch", async (request: Request) => {
    if (request.url.endsWith("/storage")) return Response.json(storage);
    if (request.method !== "PATCH") return Response.json(limits);
    const change = (await request.json()) as Record<string, number | null>;
    asked.push(change);
    if (refusal) return Response.json(refusal, { status: 422 });
    for (const [name, value] of Object.entries(change)) {
      const as_started = limits[name]?.as_started ?? 0;
      limits[name] = { value: value ?? as_started, as_started, is_set: value !== null };
    }
    return Response.json(limits);
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function show(page: React.ReactNode) {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(<QueryClientProvider client={queries}>{page}</QueryClientProvider>, { wrapper: I18n });
}

const row = (title: string) => {
  const item = screen.getByText(title).closest("li");
  if (!item) throw new Error(title);
  return within(item);
};

async function open(title: string) {
  fireEvent.click(await screen.findByRole("button", { name: `Change: ${title}` }));
  return within(screen.getByRole("dialog", { name: title }));
}

test("each limit is told, with what the server was started with where it is another", async () => {
  show(<Limits />);
  await screen.findByText("Questions a minute");
  expect(screen.getAllByRole("listitem")).toHaveLength(names.length);
  expect(row("Storage of one person").getByText("1 GB")).toBeTruthy();
  expect(row("Answers at once in all").getByText("No limit")).toBeTruthy();
  expect(row("Answers at once in all").getByText("As started: 1,000")).toBeTruthy();
  expect(row("Questions a minute").queryByText(/As started/)).toBeNull();
});

test("a limit is changed, lifted and taken back", async () => {
  show(<Limits />);
  let dialog = await open("Storage of one person");
  fireEvent.change(dialog.getByLabelText("At most, in MB"), { target: { value: "512.5" } });
  fireEvent.click(dialog.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(asked).toEqual([{ storage_per_person: 512.5 * 1024 ** 2 }]);
  expect(row("Storage of one person").getByText("512 MB")).toBeTruthy();
  dialog = await open("Storage of one person");
  fireEvent.click(dialog.getByRole("button", { name: "Back to 1 GB, as started" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(asked.at(-1)).toEqual({ storage_per_person: null });
  expect(row("Storage of one person").queryByText(/As started/)).toBeNull();
});

test("what is no number or out of bounds is told at the field, and not sent", async () => {
  show(<Limits />);
  const dialog = await open("Questions a minute");
  const field = dialog.getByLabelText("At most");
  const save = dialog.getByRole("button", { name: "Save" });
  const range = "Give a whole number from 1 to 100,000, or 0 for no limit.";
  for (const value of ["many", "100001", "1.5"]) {
    fireEvent.change(field, { target: { value } });
    expect(dialog.queryByText(range)).toBeNull();
    fireEvent.click(save);
    expect(await dialog.findByText(range)).toBeTruthy();
  }
  expect(asked).toEqual([]);
  // A later server may have other bounds.
  refusal = { status: 422, code: "invalid", field: "turns_per_minute", title: "", detail: "no" };
  fireEvent.change(field, { target: { value: "100000" } });
  fireEvent.click(save);
  await dialog.findByText(range);
  expect(asked).toEqual([{ turns_per_minute: 100_000 }]);
});

test("the page knows the most that the server takes", () => {
  const document = resolve(import.meta.dirname, "../../../../../docs/openapi.json");
  const { properties } = JSON.parse(readFileSync(document, "utf8")).components.schemas.LimitChange;
  for (const [name, { most, unit }] of limitWords()) {
    expect(most * (unit?.bytes ?? 1), name).toBe(properties[name].maximum);
  }
});

test("somebody learns how much they have stored, and when there is little room left", async () => {
  storage = { used_bytes: 512 * 1024 ** 2, most_bytes: 1024 ** 3, conversations: 1 };
  show(<StorageUsed />);
  await screen.findByText(/512 MB of 1 GB stored/);
  expect(screen.queryByText("There is little room left.")).toBeNull();
});

test("little room is told in time", async () => {
  storage = { used_bytes: 0.95 * 1024 ** 3, most_bytes: 1024 ** 3, conversations: 12 };
  show(<StorageUsed />);
  await screen.findByText("There is little room left.");
  expect(screen.getByText(/12 conversations/)).toBeTruthy();
});
