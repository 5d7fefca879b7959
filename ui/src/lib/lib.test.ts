import { fireEvent, renderHook } from "@testing-library/react";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { backOff } from "./back-off";
import { copyText } from "./clipboard";
import { randomId } from "./ids";
import { matches, shortcuts, useShortcut } from "./shortcuts";
import { timeAgo } from "./time-ago";
import { byteLength, dropBytes } from "./utf8";

afterEach(() => vi.unstubAllGlobals());

describe("positions in bytes", () => {
  test("are what UTF-8 makes of a text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(byteLength(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
  });

  test("cut a text where another one ends", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (a, b) => {
        expect(dropBytes(a + b, byteLength(a))).toBe(b);
      }),
    );
  });
});

describe("ids", () => {
  test("are version 4 UUIDs also where crypto.randomUUID is missing, as over plain http", () => {
    vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
    const id = randomId();
    expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(randomId()).not.toBe(id);
  });
});

test("the back-off doubles from half a second and stays below 12.5", () => {
  const steady = (attempt: number) => backOff(attempt, () => 0.5);
  expect([0, 1, 2, 3, 4, 5, 50].map(steady)).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  expect(backOff(9, () => 1)).toBeLessThanOrEqual(12_500);
});

test("copying works without navigator.clipboard, and leaves nothing behind", async () => {
  vi.stubGlobal("navigator", { ...navigator, clipboard: undefined });
  let selected = "";
  document.execCommand = () => {
    selected = document.querySelector("textarea")?.value ?? "";
    return true;
  };
  expect(await copyText("words")).toBe(true);
  expect(selected).toBe("words");
  expect(document.querySelector("textarea")).toBeNull();
});

describe("shortcuts", () => {
  const press = (key: string, keys: Partial<KeyboardEvent> = {}) => ({
    key,
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    altKey: false,
    ...keys,
  });

  test("work with Ctrl and with Command", () => {
    expect(matches(press("k", { ctrlKey: true }), shortcuts.search)).toBe(true);
    expect(matches(press("K", { metaKey: true }), shortcuts.search)).toBe(true);
    expect(matches(press("k"), shortcuts.search)).toBe(false);
  });

  test("find ? with and without Shift, as keyboards differ", () => {
    expect(matches(press("?", { shiftKey: true }), shortcuts.help)).toBe(true);
    expect(matches(press("?"), shortcuts.help)).toBe(true);
  });

  test("leave Command with a comma to the browser", () => {
    expect(matches(press(",", { ctrlKey: true }), shortcuts.settings)).toBe(true);
    expect(matches(press(",", { metaKey: true }), shortcuts.settings)).toBe(false);
  });

  test("mean something different each", () => {
    const all = Object.values(shortcuts).map((keys) => JSON.stringify({ ...keys }));
    expect(new Set(all).size).toBe(all.length);
  });

  test("wait while a dialog covers the page, and are letters while one types", () => {
    const help = vi.fn();
    const search = vi.fn();
    renderHook(() => {
      useShortcut("help", help);
      useShortcut("search", search);
    });
    document.body.innerHTML = "<input><dialog open></dialog>";
    fireEvent.keyDown(document.body, { key: "k", ctrlKey: true });
    expect(search).not.toHaveBeenCalled();
    document.querySelector("dialog")?.setAttribute("data-kind", "drawer");
    fireEvent.keyDown(document.body, { key: "k", ctrlKey: true });
    expect(search).toHaveBeenCalledOnce();
    fireEvent.keyDown(document.querySelector("input") as Element, { key: "?" });
    expect(help).not.toHaveBeenCalled();
    fireEvent.keyDown(document.body, { key: "?" });
    expect(help).toHaveBeenCalledOnce();
    document.body.innerHTML = "";
  });
});

test("how long ago is told in the largest unit that is full", () => {
  const now = new Date(2026, 2, 10, 9).getTime();
  const said = (...then: [number, number, number, number, number?, number?]) =>
    timeAgo(new Date(...then).toISOString(), now);
  expect(said(2026, 2, 10, 8, 59, 30)).toBe("now");
  expect(said(2026, 2, 10, 9, 1)).toBe("now");
  expect(said(2026, 2, 10, 8, 57)).toBe("3 minutes ago");
  expect(said(2026, 2, 9, 22)).toBe("11 hours ago");
  expect(said(2026, 2, 9, 8)).toBe("yesterday");
  expect(said(2026, 2, 8, 23)).toBe("2 days ago");
  expect(said(2026, 2, 2, 9)).toBe("1 week ago");
  expect(said(2025, 0, 1, 12)).toBe("1 year ago");
});
