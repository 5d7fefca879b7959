import { act, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { I18n } from "../test/i18n";
import { closeToasts, showToast, Toasts, UndoKey } from "./toast";

const run = vi.fn();
const otherwise = vi.fn();
const undo = { label: "Undo", undo: true, run, otherwise };

beforeEach(() => {
  vi.resetAllMocks();
  vi.useFakeTimers();
  const page = (
    <>
      <textarea aria-label="Message" />
      <Toasts />
      <UndoKey />
    </>
  );
  render(page, { wrapper: I18n });
});
afterEach(() => {
  act(closeToasts);
  vi.useRealTimers();
});

const show = (...args: Parameters<typeof showToast>) => act(() => showToast(...args));
const pass = (milliseconds: number) => act(() => vi.advanceTimersByTime(milliseconds));
const toast = (text: string) => screen.queryByText(text)?.parentElement as HTMLElement;
const press = (target: Element) => fireEvent.keyDown(target, { key: "z", ctrlKey: true });

test("it goes after its time, and with it the chance of its action", () => {
  show("Deleted", undo);
  pass(5900);
  expect(otherwise).not.toHaveBeenCalled();
  pass(200);
  expect(toast("Deleted")).toBeUndefined();
  expect(otherwise).toHaveBeenCalledOnce();
});

test("its action is either done or not", () => {
  show("Deleted", undo);
  fireEvent.click(screen.getByRole("button", { name: "Undo" }));
  pass(10_000);
  expect(run).toHaveBeenCalledOnce();
  expect(otherwise).not.toHaveBeenCalled();
  show("Deleted again", undo);
  fireEvent.click(screen.getByRole("button", { name: "Dismiss" }));
  expect(otherwise).toHaveBeenCalledOnce();
});

test("it waits for whoever points at it, and for whoever has come to it by the keyboard", () => {
  show("Deleted", undo);
  pass(5000);
  fireEvent.pointerEnter(toast("Deleted"), { pointerType: "mouse" });
  pass(60_000);
  act(() => screen.getByRole("button", { name: "Undo" }).focus());
  fireEvent.pointerLeave(toast("Deleted"), { pointerType: "mouse" });
  pass(60_000);
  act(() => screen.getByRole("button", { name: "Dismiss" }).focus());
  pass(60_000);
  expect(otherwise).not.toHaveBeenCalled();
  act(() => screen.getByRole("textbox").focus());
  pass(1100);
  expect(otherwise).toHaveBeenCalledOnce();
});

test("a finger does not hold it for ever", () => {
  show("Deleted", undo);
  fireEvent.pointerEnter(toast("Deleted"), { pointerType: "touch" });
  pass(6100);
  expect(toast("Deleted")).toBeUndefined();
});

test("one that is dismissed holds the others no longer", () => {
  show("First");
  show("Second");
  fireEvent.pointerEnter(toast("First"), { pointerType: "mouse" });
  fireEvent.click(screen.getAllByRole("button", { name: "Dismiss" })[0] as Element);
  pass(6100);
  expect(toast("Second")).toBeUndefined();
});

test("those that offer something are not driven out by others", () => {
  show("Deleted", undo);
  for (const name of ["One", "Two", "Three", "Four"]) show(name);
  expect(toast("Deleted")).toBeTruthy();
  expect(toast("One")).toBeUndefined();
  expect(toast("Four")).toBeTruthy();
});

test("the key takes back what the newest tells of, but belongs to a field where one writes", () => {
  const older = vi.fn();
  show("Older", { ...undo, run: older });
  show("Newer", undo);
  show("A copy failed", { label: "Download", run: vi.fn() });
  press(screen.getByRole("textbox"));
  expect(run).not.toHaveBeenCalled();
  press(document.body);
  expect(run).toHaveBeenCalledOnce();
  expect(older).not.toHaveBeenCalled();
  press(document.body);
  expect(older).toHaveBeenCalledOnce();
  expect(toast("A copy failed")).toBeTruthy();
});

test("the focus goes back where it came from", () => {
  const box = screen.getByRole("textbox");
  box.focus();
  show("Deleted", undo);
  const button = screen.getByRole("button", { name: "Undo" });
  act(() => button.focus());
  fireEvent.click(button);
  expect(document.activeElement).toBe(box);
});
