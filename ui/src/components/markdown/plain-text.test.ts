import { expect, test } from "vitest";
import { plainPiece, plainText } from "./plain-text";

test.each([
  ["one **bold** and *slanted `code`* word", "one bold and slanted code word"],
  ["# Title\n\ntext with [a link](https://example.org)", "Title\ntext with a link"],
  ["- one\n- two\n  - three", "one\ntwo\nthree"],
  ["1. [x] done\n2. [ ] open", "done\nopen"],
  ["> said **who**", "said who"],
  ["| a | b |\n| - | - |\n| **1** | 2 |", "a b\n1 2"],
  ["```js\nlet a = **b**;\n```", "let a = **b**;"],
  ["a &amp; b \\*c\\*", "a & b *c*"],
  ["$x_1$ and\n\n$$\ny\n$$", "x_1 and\ny"],
  ["<b>shown</b> as it is", "<b>shown</b> as it is"],
  ["one  \ntwo", "one\ntwo"],
  ["", ""],
])("%j is read as %j", (markdown, words) => {
  expect(plainText(markdown)).toBe(words);
});

test("a piece has no marks either whose other half is elsewhere", () => {
  expect(plainPiece("**Begun. ")).toBe("Begun. ");
  expect(plainPiece("and ended**, with `code`.")).toBe("and ended, with code.");
});
