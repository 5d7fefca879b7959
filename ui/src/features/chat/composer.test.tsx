import { fireEvent, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, test, vi } from "vitest";
import { I18n } from "../../test/i18n";
import { wholeSentences } from "./announcer";
import { Composer } from "./composer";

afterEach(() => vi.unstubAllGlobals());

function show(changes: Partial<Parameters<typeof Composer>[0]> = {}) {
  const onSend = vi.fn();
  const onStop = vi.fn();
  const props = {
    text: "hello",
    onText: () => {},
    onSend,
    onStop,
    running: false,
    stopping: false,
    sending: false,
    modelPicker: null,
    pictures: [],
    images: { offered: true, imageless: null },
    onFiles: () => {},
    ...changes,
  };
  render(<Composer {...props} />, { wrapper: I18n });
  return { onSend, onStop, box: screen.getByRole("textbox", { name: "Message" }) };
}

const touchScreen = () =>
  vi.stubGlobal("matchMedia", (query: string) => ({
    matches: query.includes("coarse"),
    addEventListener: () => {},
    removeEventListener: () => {},
  }));

describe("Enter", () => {
  test("sends", () => {
    const { box, onSend } = show();
    fireEvent.keyDown(box, { key: "Enter" });
    expect(onSend).toHaveBeenCalledOnce();
  });

  test("with Shift is a new line", () => {
    const { box, onSend } = show();
    fireEvent.keyDown(box, { key: "Enter", shiftKey: true });
    expect(onSend).not.toHaveBeenCalled();
  });

  test("is a new line on a touch screen", () => {
    touchScreen();
    const { box, onSend } = show();
    fireEvent.keyDown(box, { key: "Enter" });
    expect(onSend).not.toHaveBeenCalled();
  });

  test("chooses a word while an input method composes, and sends nothing", () => {
    const { box, onSend } = show();
    fireEvent.keyDown(box, { key: "Enter", isComposing: true });
    fireEvent.keyDown(box, { key: "Enter", keyCode: 229 });
    expect(onSend).not.toHaveBeenCalled();
  });

  test.each([{ text: "  \n" }, { running: true }, { sending: true }])(
    "sends nothing with %j",
    (state) => {
      const { box, onSend } = show(state);
      fireEvent.keyDown(box, { key: "Enter" });
      expect(onSend).not.toHaveBeenCalled();
    },
  );
});

test("the button stops while an answer runs, and one can go on writing", () => {
  const { box, onStop } = show({ running: true });
  expect(screen.queryByRole("button", { name: "Send" })).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: "Stop" }));
  expect(onStop).toHaveBeenCalledOnce();
  expect((box as HTMLTextAreaElement).disabled).toBe(false);
});

test("an answer is announced in whole sentences", () => {
  const said = (text: string) => text.slice(0, wholeSentences(text));
  expect(said("One. Two! Thr")).toBe("One. Two!");
  expect(said("about 3.5 metres")).toBe("");
  expect(said("- item\n- ite")).toBe("- item\n");
  expect(said("“Really?” she")).toBe("“Really?”");
});
