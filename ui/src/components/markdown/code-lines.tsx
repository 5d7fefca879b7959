/** The text of a block of code in parts of some lines: only the last one changes while it grows. */
import { memo, useEffect, useMemo, useState } from "react";
import type { Piece } from "./highlight";
import styles from "./markdown.module.css";

const linesInPart = 48;

interface CodeLinesProps {
  code: string;
  /** Colours for the beginning of `code`, or for all of it. */
  pieces: Piece[] | null;
}

export function CodeLines({ code, pieces }: CodeLinesProps) {
  const parts = inParts(code);
  const colours = useMemo(() => piecesInParts(pieces ?? []), [pieces]);
  // One part for each frame, so that a long block is coloured without a stutter.
  const [painted, setPainted] = useState(1);
  const more = painted < Math.min(colours.length, parts.length);
  useEffect(() => {
    if (!more) return;
    const frame = requestAnimationFrame(() => setPainted(painted + 1));
    return () => cancelAnimationFrame(frame);
  }, [more, painted]);
  return parts.map((text, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the place is the identity.
    <Lines key={at} text={text} pieces={at < painted ? colours[at] : undefined} />
  ));
}

const Lines = memo(({ text, pieces = [] }: { text: string; pieces?: Piece[] | undefined }) => {
  const rest = text.slice(pieces.reduce((sum, [{ length }]) => sum + length, 0));
  return (
    <span className={styles.lines}>
      {pieces.map(([piece, scope], at) =>
        scope ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the place is the identity.
          <span key={at} className={`syntax-${scope}`}>
            {piece}
          </span>
        ) : (
          piece
        ),
      )}
      {rest}
    </span>
  );
});

/** `text` after every so many lines. */
function inParts(text: string): string[] {
  const parts: string[] = [];
  let lines = 0;
  let begun = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
    lines++;
    if (lines % linesInPart > 0) continue;
    parts.push(text.slice(begun, at + 1));
    begun = at + 1;
  }
  if (begun < text.length) parts.push(text.slice(begun));
  return parts;
}

/** The same with coloured pieces, some of which go over many lines. */
function piecesInParts(pieces: Piece[]): Piece[][] {
  const parts: Piece[][] = [[]];
  let lines = 0;
  for (const [text, scope] of pieces) {
    let begun = 0;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
      lines++;
      if (lines % linesInPart > 0) continue;
      parts.at(-1)?.push([text.slice(begun, at + 1), scope]);
      parts.push([]);
      begun = at + 1;
    }
    if (begun < text.length) parts.at(-1)?.push([text.slice(begun), scope]);
  }
  return parts;
}
