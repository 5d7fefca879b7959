import { renderHook } from "@testing-library/react";
import { act } from "react";
import { expect, test, vi } from "vitest";
import { pastedFiles, useFileDrop } from "./attaching";
import { isImage } from "./take-files";

const file = (name: string, type: string) => new File(["x"], name, { type });
const clipboard = (text: string, ...files: File[]) =>
  ({ files, getData: () => text }) as unknown as DataTransfer;

test("a picture that is pasted is taken", () => {
  const picture = file("image.png", "image/png");
  expect(pastedFiles(clipboard("", picture))).toEqual([picture]);
  // So does a file manager name what it copies.
  expect(pastedFiles(clipboard("image.png", picture))).toEqual([picture]);
});

test("a text is pasted as a text, also by a program that adds a picture of it", () => {
  expect(pastedFiles(clipboard("a\tb", file("image.png", "image/png")))).toEqual([]);
  expect(pastedFiles(clipboard("hello"))).toEqual([]);
});

test.each([
  ["image/png", true],
  ["image/heic", true],
  ["image/svg+xml", false],
  ["text/plain", false],
  ["", false],
])("%j is an image: %j", (type, is) => expect(isImage(file("a", type))).toBe(is));

function drag(type: string, types: string[], files: File[] = []) {
  const event = new Event(type, { bubbles: true, cancelable: true });
  Object.assign(event, { dataTransfer: { types, files } });
  act(() => void window.dispatchEvent(event));
  return event;
}

test("files that hang over the page are dropped into it; a text is left to the browser", () => {
  const take = vi.fn();
  const { result } = renderHook(() => useFileDrop(take));
  expect(drag("dragover", ["text/plain"]).defaultPrevented).toBe(false);
  expect(result.current).toBe(false);
  expect(drag("dragover", ["Files"]).defaultPrevented).toBe(true);
  expect(result.current).toBe(true);
  const picture = file("image.png", "image/png");
  expect(drag("drop", ["Files"], [picture]).defaultPrevented).toBe(true);
  expect(result.current).toBe(false);
  expect(take).toHaveBeenCalledWith([picture]);
});

test("what is dropped beside a dialog is not taken, and does not replace the page either", () => {
  const take = vi.fn();
  const { result } = renderHook(() => useFileDrop(take));
  const dialog = document.body.appendChild(document.createElement("dialog"));
  dialog.setAttribute("open", "");
  const over = drag("dragover", ["Files"]);
  expect(over.defaultPrevented).toBe(true);
  expect((over as DragEvent).dataTransfer?.dropEffect).toBe("none");
  expect(drag("drop", ["Files"], [file("a.png", "image/png")]).defaultPrevented).toBe(true);
  expect(result.current).toBe(false);
  expect(take).not.toHaveBeenCalled();
  dialog.remove();
});

test("crossing an element is no leaving, but leaving is", () => {
  vi.useFakeTimers();
  const { result } = renderHook(() => useFileDrop(() => {}));
  drag("dragover", ["Files"]);
  drag("dragleave", ["Files"]);
  drag("dragover", ["Files"]);
  act(() => vi.advanceTimersByTime(1000));
  expect(result.current).toBe(true);
  drag("dragleave", ["Files"]);
  act(() => vi.advanceTimersByTime(1000));
  expect(result.current).toBe(false);
  vi.useRealTimers();
});
