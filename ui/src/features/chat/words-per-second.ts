/** How fast an answer was written, in words as its language has them. */
import type { Times } from "./times";

/** So short an answer has no speed worth telling, in ms and words. */
const least = { time: 500, words: 10 };

export function wordsPerSecond(content: string, { spoke, ended }: Times): number | null {
  if (spoke === undefined || ended === undefined || ended - spoke < least.time) return null;
  const words = countWords(content);
  return words < least.words ? null : words / ((ended - spoke) / 1000);
}

export function countWords(text: string): number {
  let count = 0;
  for (const { isWordLike } of new Intl.Segmenter(undefined, { granularity: "word" }).segment(text))
    if (isWordLike) count++;
  return count;
}
