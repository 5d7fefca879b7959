/** Positions in an answer are counted in UTF-8 bytes; strings here are UTF-16. */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function byteLength(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // A surrogate is half of a four-byte character: two bytes for each half.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}

/** What is left of `text` after its first `bytes` bytes. */
export function dropBytes(text: string, bytes: number): string {
  return bytes <= 0 ? text : decoder.decode(encoder.encode(text).subarray(bytes));
}
