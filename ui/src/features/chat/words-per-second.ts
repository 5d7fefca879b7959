/** How fast an answer was written, in words as its language has them. */

/** So short an answer has no speed worth telling, in ms and words. */
const least = { time: 500, words: 10 };

/** Of an answer that was written in so many ms. */
export function wordsPerSecond(content: string, time: number): number | null {
  if (time < least.time) return null;
  const words = countWords(content);
  return words < least.words ? null : words / (time / 1000);
}

export function countWords(text: string): number {
  let count = 0;
  for (const { isWordLike } of new Intl.Segmenter(undefined, { granularity: "word" }).segment(text))
    if (isWordLike) count++;
  return count;
}
