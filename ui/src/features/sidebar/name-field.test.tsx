import { fireEvent, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { I18n } from "../../test/i18n";
import { NameField } from "./name-field";

function show() {
  const onSave = vi.fn();
  const onCancel = vi.fn();
  render(<NameField name="Bridges" onSave={onSave} onCancel={onCancel} />, { wrapper: I18n });
  return { field: screen.getByRole("textbox"), onSave, onCancel };
}

test("Enter that ends a word of an input method does not end the name, in Safari too", () => {
  const { field, onSave, onCancel } = show();
  fireEvent.keyDown(field, { key: "Enter", isComposing: true });
  fireEvent.keyDown(field, { key: "Enter", keyCode: 229 });
  fireEvent.keyDown(field, { key: "Escape", keyCode: 229 });
  expect(onSave).not.toHaveBeenCalled();
  expect(onCancel).not.toHaveBeenCalled();
});
