/** Has diagrams drawn by a frame of their own, one for all of them, and keeps the latest pictures. */
import type { Drawn, Palette, Wanted } from "./wanted";

/** The longest that one may take, and the largest it may be, in ms and in characters. */
const patience = 15_000;
const largest = 2_000_000;
const kept = 40;

export interface Picture {
  address: string;
  /** In px. */
  width: number;
  height: number;
}

interface Frame {
  element: HTMLIFrameElement;
  ready: Promise<void>;
}

const pictures = new Map<string, Promise<Picture | null>>();
let frame: Frame | null = null;
let asked = 0;

/** `null` where it cannot be drawn. */
export async function drawDiagram(text: string, palette: Palette): Promise<Picture | null> {
  const key = JSON.stringify([text, palette]);
  const known = pictures.get(key);
  if (known) return known;
  const picture = ask(text, palette).then((svg) => (svg === null ? null : pictureOf(svg)));
  pictures.set(key, picture);
  forgetOldest();
  const drawn = await picture;
  // Perhaps only the network was away.
  if (!drawn) pictures.delete(key);
  return drawn;
}

function forgetOldest(): void {
  const [oldest] = pictures;
  if (!oldest || pictures.size <= kept) return;
  const [key, picture] = oldest;
  pictures.delete(key);
  void picture.then((old) => old && URL.revokeObjectURL(old.address));
}

function ask(text: string, palette: Palette): Promise<string | null> {
  const id = ++asked;
  frame ??= openFrame();
  const { element, ready } = frame;
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      // It is stuck, or never came: the next diagram gets a new one.
      element.remove();
      frame = null;
      finish(null);
    }, patience);
    function hear({ source, data }: MessageEvent<Drawn>) {
      if (source === element.contentWindow && data.id === id) finish(data.svg);
    }
    function finish(svg: string | null) {
      clearTimeout(timer);
      removeEventListener("message", hear);
      resolve(typeof svg === "string" && svg.length <= largest ? svg : null);
    }
    addEventListener("message", hear);
    const wanted: Wanted = { id, text, palette };
    // A frame without an origin can only be named by itself.
    void ready.then(() => element.contentWindow?.postMessage(wanted, "*"));
  });
}

function openFrame(): Frame {
  const element = document.createElement("iframe");
  element.setAttribute("sandbox", "allow-scripts");
  element.src = "/diagrams.html";
  element.tabIndex = -1;
  element.setAttribute("aria-hidden", "true");
  // Letters are measured there, so it has to have a size.
  Object.assign(element.style, {
    position: "fixed",
    insetInlineStart: "-2000px",
    width: "1600px",
    height: "900px",
    visibility: "hidden",
  });
  const ready = new Promise<void>((resolve) => {
    addEventListener("message", function hear({ source, data }) {
      if (source !== element.contentWindow || data !== "ready") return;
      removeEventListener("message", hear);
      resolve();
    });
  });
  document.body.append(element);
  return { element, ready };
}

function pictureOf(svg: string): Picture | null {
  const box = svg
    .match(/^<svg[^>]* viewBox="([-\d. ]+)"/)?.[1]
    ?.split(" ")
    .map(Number);
  const [, , width, height] = box ?? [];
  if (!width || !height) return null;
  // As an image it runs no script and loads nothing.
  const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  return { address, width: Math.ceil(width), height: Math.ceil(height) };
}

/** The page's colours where `element` is, as they are at the moment. */
export function paletteAt(element: HTMLElement): Palette {
  const probe = document.createElement("span");
  element.append(probe);
  const colour = (name: string) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const palette = {
    ground: colour("ground"),
    sunk: colour("sunk"),
    raised: colour("raised"),
    text: colour("text"),
    quiet: colour("text-quiet"),
    line: colour("line-strong"),
    accent: colour("accent"),
    accentGround: colour("accent-ground"),
  };
  probe.remove();
  const [light = 0] = palette.text.match(/\d+/)?.map(Number) ?? [];
  return { ...palette, dark: light > 128 };
}
