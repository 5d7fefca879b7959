/**
 * Whether a key belongs to an input method, in which Enter also chooses a word. Safari ends the
 * composition before it tells of that Enter, and knows it by the old code 229 alone.
 */
export function composes(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}
