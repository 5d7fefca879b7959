/** KaTeX with its stylesheet and fonts: loaded with the first formula. */
import katex, { type KatexOptions } from "katex";
import "katex/dist/katex.min.css";

const strict: KatexOptions = {
  throwOnError: true,
  errorColor: "currentColor",
  strict: "ignore",
  trust: false,
  maxExpand: 200,
  maxSize: 20,
};

/** Shows the formula, or its source with the reason as its title when KaTeX cannot read it. */
export function renderFormula(tex: string, displayMode: boolean, element: HTMLElement): void {
  element.removeAttribute("title");
  try {
    katex.render(tex, element, { ...strict, displayMode });
  } catch (error) {
    const lenient = { ...strict, displayMode, throwOnError: false };
    if (isReadable(tex, lenient)) {
      katex.render(tex, element, lenient);
    } else {
      element.textContent = tex;
      element.title = String(error);
    }
  }
}

/** But for commands that KaTeX does not know. All else it would mark by a style, against the content policy. */
function isReadable(tex: string, lenient: KatexOptions): boolean {
  try {
    return !katex.renderToString(tex, lenient).includes('class="katex-error"');
  } catch {
    return false;
  }
}
