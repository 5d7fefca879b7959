/** KaTeX with its stylesheet and fonts: loaded with the first formula. */
import katex from "katex";
import "katex/dist/katex.min.css";

export function renderFormula(tex: string, displayMode: boolean, element: HTMLElement): void {
  katex.render(tex, element, {
    displayMode,
    throwOnError: false,
    errorColor: "currentColor",
    strict: "ignore",
    trust: false,
    maxExpand: 200,
    maxSize: 20,
  });
}
