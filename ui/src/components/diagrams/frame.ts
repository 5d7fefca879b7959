/**
 * The frame that draws diagrams. It has no origin, no network and nothing of the page: whatever a
 * model hides in the text of a diagram, only a picture comes out.
 */
import mermaid, { type MermaidConfig } from "mermaid";
import type { Drawn, Palette, Wanted } from "./wanted";

/** The frame's own origin is none, that of its address is the page's. */
const page = new URL(location.href).origin;
/**
 * The library has the browser read some labels as HTML before it cleans them. Here that does no harm, but nothing is to be
 * tried either: what begins a tag, or would once it is decoded, is a letter that looks alike. Line breaks, which models like
 * to write, `<<interface>>` and arrows stay.
 */
const tags = /(?<!<)<(?=[a-z/!?])(?!br *\/?>)|[#&](?:lt|#?0*60|#?x0*3c)\b;?/gi;
/** Menus of a sequence's actors, which a picture cannot open: `link Ada: Page @ https://…`. */
const menus = /^[ \t]*links?[ \t]+[^\s:>-]+[ \t]*:.*$/gim;
const images = /\bimg["']? *:/i;
let drawn = 0;
/** One after another: the library has one configuration for all. */
let last: Promise<unknown> = Promise.resolve();

addEventListener("message", ({ source, origin, data }: MessageEvent<Wanted>) => {
  if (source !== parent || origin !== page) return;
  last = last.then(async () => parent.postMessage(await draw(data), page));
});
parent.postMessage("ready", page);

async function draw({ id, text, palette }: Wanted): Promise<Drawn> {
  mermaid.initialize(settings(palette));
  try {
    if (images.test(text)) throw new Error("pictures from elsewhere are not loaded");
    const harmless = text.replace(menus, "").replace(tags, "＜");
    const { svg } = await mermaid.render(`diagram-${++drawn}`, harmless);
    return { id, svg };
  } catch {
    return { id, svg: null };
  }
}

function settings(palette: Palette): MermaidConfig {
  const { ground, sunk, raised, text, quiet, line, accent, accentGround, dark } = palette;
  return {
    startOnLoad: false,
    securityLevel: "strict",
    // What a diagram's own text cannot set: looks are the page's business, and the rest is its safety.
    secure: [
      ...[
        "secure",
        "securityLevel",
        "startOnLoad",
        "suppressErrorRendering",
        "maxTextSize",
        "maxEdges",
      ],
      ...[
        "htmlLabels",
        "flowchart",
        "fontFamily",
        "theme",
        "themeVariables",
        "themeCSS",
        "darkMode",
      ],
      ...[
        "dompurifyConfig",
        "look",
        "altFontFamily",
        "logLevel",
        "forceLegacyMathML",
        "legacyMathML",
      ],
    ],
    suppressErrorRendering: true,
    // In a picture letters are letters, and not a page inside it.
    htmlLabels: false,
    flowchart: { htmlLabels: false, useMaxWidth: false },
    maxTextSize: 20_000,
    maxEdges: 300,
    fontFamily: "system-ui, sans-serif",
    theme: "base",
    themeVariables: {
      darkMode: dark,
      background: ground,
      mainBkg: accentGround,
      primaryColor: accentGround,
      primaryTextColor: text,
      primaryBorderColor: accent,
      secondaryColor: sunk,
      tertiaryColor: raised,
      lineColor: quiet,
      textColor: text,
      noteBkgColor: raised,
      noteTextColor: text,
      noteBorderColor: line,
      edgeLabelBackground: ground,
      fontSize: "15px",
    },
  };
}
