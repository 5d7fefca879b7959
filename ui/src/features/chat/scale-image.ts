/** Makes an image small enough to be sent, in the browser; what a camera wrote into it, such as the place, stays behind. */

/** Models look at no more than this, in pixels of the longer edge. */
const longest = 2048;
/** What a camera writes stands at the beginning; so much of it is looked at, in bytes. */
const beginning = 1.5 * 1024 * 1024;

/** What is sent as it is, unless it is too large. */
export const sendable = ["image/png", "image/jpeg", "image/gif", "image/webp"];

interface Facts {
  type: string;
  size: number;
  width: number;
  height: number;
  /** Whether a camera wrote something into it. */
  marked: boolean;
}

/** How notes of a camera begin in JPEG, WebP and PNG. */
const marks = /Exif\0\0|EXIF|eXIf/;

/** The size to draw it in anew, which it is also where it weighs more than `heaviest` bytes; `null`: it is sent as it is. */
export function newSize(facts: Facts, heaviest: number): [number, number] | null {
  const { type, size, width, height, marked } = facts;
  // It may move, which would be lost.
  if (type === "image/gif") return null;
  const scale = Math.min(1, longest / Math.max(width, height));
  if (scale === 1 && size <= heaviest && !marked && sendable.includes(type)) return null;
  const scaled = (edge: number) => Math.max(1, Math.round(edge * scale));
  return [scaled(width), scaled(height)];
}

/** In which formats it is tried, until one is light enough; the last one is taken as it comes. */
export function formatsFor(type: string, transparent: boolean): string[] {
  // Sharp edges, as on a picture of the screen, stay sharp only as PNG.
  const first = type === "image/png" || type === "image/webp" ? [type] : [];
  return [...new Set([...first, transparent ? "image/webp" : "image/jpeg"])];
}

const endings: Record<string, string> = {
  "image/png": ".png",
  "image/jpeg": ".jpg",
  "image/webp": ".webp",
};

/** What a file is called after it was packed anew as another type. */
export function nameAs(type: string, before: string, name: string): string {
  const ending = endings[type];
  return type === before || !ending ? name : name.replace(/^(.+)\.\w{1,5}$/, "$1") + ending;
}

/** What is sent of a file, at best of no more than `heaviest` bytes. Fails when the browser cannot read it. */
export async function prepareImage(file: File, heaviest: number): Promise<Blob> {
  const picture = await createImageBitmap(file);
  try {
    const { width, height } = picture;
    const marked = await isMarked(file);
    const facts = { type: file.type, size: file.size, width, height, marked };
    const size = newSize(facts, heaviest);
    if (!size) return file;
    const canvas = draw(picture, ...size);
    let result = file as Blob;
    for (const format of formatsFor(file.type, isTransparent(picture))) {
      result = await pack(canvas, format);
      if (result.size <= heaviest) break;
    }
    const unscaled = size[0] === width && size[1] === height;
    const worse = !marked && unscaled && sendable.includes(file.type) && result.size >= file.size;
    return worse ? file : result;
  } finally {
    picture.close();
  }
}

/** Whether it tells more than it shows. */
export async function isMarked(file: File): Promise<boolean> {
  const bytes = await file.slice(0, beginning).arrayBuffer();
  return marks.test(new TextDecoder("latin1").decode(bytes));
}

function draw(picture: ImageBitmap, width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("there is nothing to draw on");
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width, height);
  return canvas;
}

function isTransparent(picture: ImageBitmap): boolean {
  const small = draw(picture, 64, 64).getContext("2d");
  const { data } = small?.getImageData(0, 0, 64, 64) ?? { data: [] };
  return data.some((value, at) => at % 4 === 3 && value < 250);
}

/** A browser that does not know the format makes a PNG. */
function pack(canvas: HTMLCanvasElement, format: string): Promise<Blob> {
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("it cannot be packed"))),
      format,
      0.9,
    ),
  );
}
