/** A formula. Until KaTeX has arrived, and when it cannot read it, the source is shown. */
import { useLayoutEffect, useRef } from "react";
import styles from "./markdown.module.css";

type Katex = typeof import("./katex");
let katex: Katex | null = null;
let loading: Promise<Katex> | null = null;

function loadKatex(): Promise<Katex> {
  loading ??= import("./katex").then(async (module) => {
    await usualFonts();
    katex = module;
    return module;
  });
  return loading;
}

/** Before the first formula: laid out without them it would jump, and take several times as long. */
function usualFonts(): Promise<unknown> {
  const fonts = ["1em KaTeX_Main", "italic 1em KaTeX_Math"];
  return Promise.allSettled(fonts.map((font) => document.fonts.load(font)));
}

export function Formula({ tex, display }: { tex: string; display: boolean }) {
  const place = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return;
    if (katex) return katex.renderFormula(tex, display, element);
    element.textContent = tex;
    let current = true;
    loadKatex()
      .then((module) => {
        if (current) module.renderFormula(tex, display, element);
      })
      .catch(() => {
        // Offline: the source stays readable, and the next formula tries again.
        loading = null;
      });
    return () => {
      current = false;
    };
  }, [tex, display]);
  // KaTeX owns what is inside; React never looks there.
  return <span ref={place} className={display ? styles.display : styles.formula} dir="ltr" />;
}
