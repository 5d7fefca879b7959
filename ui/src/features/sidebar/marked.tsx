/** A text with the words that were looked for marked in it. */
import { plainPiece } from "../../components/markdown/plain-text";

/** The text in parts, every other one of them a hit; upper and lower case are the same. */
export function partsOf(text: string, words: string): string[] {
  if (!words) return [text];
  const escaped = words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return text.split(new RegExp(`(${escaped})`, "giu"));
}

/** So many characters before a hit are shown with it: in two lines of the list there is room for no more. */
const lead = 24;

/**
 * A piece of a message without its marks, also those whose other half is cut off; as it is where a mark was looked for. It
 * begins shortly before the first hit.
 */
export function readable(excerpt: string, words: string): string {
  const plain = plainPiece(excerpt).replace(/\s+/g, " ");
  const [before = "", ...rest] =
    partsOf(plain, words).length > 1 ? partsOf(plain, words) : partsOf(excerpt, words);
  if (rest.length === 0 || before.length <= lead) return before + rest.join("");
  const near = before.slice(-lead);
  return `…${near.slice(near.search(/\s(?=\S)/) + 1)}${rest.join("")}`;
}

export function Marked({ text, words }: { text: string; words: string }) {
  return partsOf(text, words).map((part, at) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts have no other name than their place.
    at % 2 === 1 ? <mark key={at}>{part}</mark> : part,
  );
}
