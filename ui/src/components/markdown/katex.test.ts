import { expect, test, vi } from "vitest";
import { renderFormula } from "./katex";

// KaTeX asks for a page in standards mode, as soon as it is loaded.
vi.hoisted(() => Object.defineProperty(document, "compatMode", { value: "CSS1Compat" }));

function rendered(tex: string): HTMLElement {
  const element = document.createElement("span");
  renderFormula(tex, false, element);
  return element;
}

test("a formula is rendered", () => {
  expect(rendered("x^2").querySelector(".katex")).not.toBeNull();
});

test("an unknown command is shown by its name, and the rest as a formula", () => {
  const element = rendered("\\unknown x^2");
  expect(element.querySelector(".katex")).not.toBeNull();
  expect(element.textContent).toContain("\\unknown");
});

test.each([
  "\\frac{1}{2",
  "x^2^2",
  "\\color{red;background:url(http://canary.example)}{x}",
  "\\def\\a{\\a\\a}\\a",
  "\\unknown \\frac{1}",
])("what cannot be read stays as it was written: %s", (tex) => {
  const element = rendered(tex);
  expect(element.textContent).toBe(tex);
  expect(element.childElementCount).toBe(0);
  expect(element.title).toContain("KaTeX");
});

test("a formula that becomes readable loses the reason why it was not", () => {
  const element = rendered("\\frac{1}{2");
  renderFormula("\\frac{1}{2}", false, element);
  expect(element.title).toBe("");
});
