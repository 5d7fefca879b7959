import { fireEvent, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { I18n } from "../../test/i18n";
import { NameField } from "./name-field";

function show() {
  const onEnd = vi.fn();
  render(<NameField name="Bridges" onEnd={onEnd} />, { wrapper: I18n });
  return { field: screen.getByRole("textbox"), onEnd };
}

test("Enter that ends a word of an input method does not end the name, in Safari too", () => {
  const { field, onEnd } = show();
  fireEvent.keyDown(field, { key: "Enter", isComposing: true });
  fireEvent.keyDown(field, { key: "Enter", keyCode: 229 });
  fireEvent.keyDown(field, { key: "Escape", keyCode: 229 });
  expect(onEnd).not.toHaveBeenCalled();
});

test("a name ends once, and says whether a key did it or somebody went elsewhere", () => {
  const { field, onEnd } = show();
  fireEvent.change(field, { target: { value: "Orchard" } });
  fireEvent.blur(field);
  fireEvent.keyDown(field, { key: "Enter" });
  expect(onEnd.mock.calls).toEqual([["Orchard", "by leaving"]]);
});

test("Escape leaves the name as it was", () => {
  const { field, onEnd } = show();
  fireEvent.change(field, { target: { value: "Orchard" } });
  fireEvent.keyDown(field, { key: "Escape" });
  expect(onEnd.mock.calls).toEqual([[null, "by key"]]);
});
