import fc from "fast-check";
import type { Token } from "marked";
import { describe, expect, test } from "vitest";
import { type Lexed, lex, lexGrowing, nothingLexed } from "./lexer";

/** Pieces of markdown whose meaning changes with what follows them. */
const examples = [
  "One paragraph\nover two lines.\n\nAnother one.",
  "Title\n===\n\nSub\n---\n\ntext\n***\n",
  "# One\n## Two ##\n### Three\ntext right below",
  "para\n#not a heading\n# heading\npara",
  "- a\n- b\n\n- c after a blank line\n\n  still c\n\nd is out\n",
  "1. one\n2. two\n   - nested\n     more\n   - nested two\n\n3. three\n",
  "- a\n\n-\n\n- - deep\n",
  "- [ ] open\n- [x] done\n",
  "* one\n+ another list\n- a third\n",
  "> quote\n> more\nlazy\n\n> second quote\n\nafter",
  "> - list in quote\n>   more\n>\n> end\n",
  "```js\nlet a = 1;\n\n# no heading\n```\nafter\n",
  "```\nnever closed\n\nstill code\n",
  "~~~~md\n```\ninner\n```\n~~~~\n\nout",
  "    indented code\n\n    goes on\n\ntext\n",
  "text\n    not code, a continuation\n",
  "| a | b |\n| :-- | --: |\n| 1 | 2 |\n| 3 |\n\nafter",
  "a | b\n--|--\n1 | 2\nnot a row but one\n",
  "| no | table |\njust text\n",
  "**bold** and *em* and ***both*** and ~~gone~~ and `code` and ``a ` b``",
  "a **bold over\ntwo lines** and _this_one_ and snake_case_word",
  '[link](https://example.org "title") <https://example.org> https://example.org.',
  "[ref] and [other][ref]\n\nlater\n\n[ref]: https://example.org 'T'\n\nend",
  "[late]\n\nmore\n\n- item\n\n[late]: /url\n",
  "![alt *text*](https://example.org/a.png) inline",
  "<div>\n\n*not html inside*\n\n</div>\n\n<!-- a comment\n\nover lines -->\ntext",
  "<script>\nalert(1)\n\n</script>\n\ntext <b>bold?</b> &amp; &copy;\n",
  "hard  \nbreak\\\nand \\*escaped\\*",
  "$$\nx = \\frac{a}{b}\n$$\n\ntext $a_1 + b_1$ and \\(c\\) and \\[d\\]\n\n\\[\ne^{i\\pi}\n\\]\n",
  "It costs $5 and $10, or $5/$6.\n\n$$\nnever closed\n\nnext",
  "a\n\n\n\nb\n \n\t\nc",
  "---\n\n***\n- - -\ntext\n---\n",
  "tab\there\r\nand\rreturns\r\n\r\nend",
  "1) one\n2) two\n\n10. ten\n",
  "- item\n```\ncode\n```\n- item\n",
  "term\n: not a definition\n\n[^1]: a footnote\n",
];

/** What is shown: everything but the positions inside `raw` that only the lexer needs. */
function shape(tokens: Token[]): unknown {
  return JSON.parse(JSON.stringify(tokens));
}

function grow(text: string, steps: number[]): Lexed {
  let state = nothingLexed;
  for (const at of steps) state = lexGrowing(state, text.slice(0, at));
  return lexGrowing(state, text);
}

const normal = (text: string) => text.replace(/\r\n?/g, "\n");

describe("markdown that grows", () => {
  test.each(examples)("is at every letter what one parse makes of it: %j", (text) => {
    const source = normal(text);
    let state = nothingLexed;
    for (let at = 1; at <= source.length; at++) {
      state = lexGrowing(state, source.slice(0, at));
      expect(shape(state.tokens)).toEqual(shape(lex(source.slice(0, at))));
    }
  });

  test("is the same whatever the order of examples and the size of steps", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...examples), { minLength: 2, maxLength: 5 }),
        fc.constantFrom("\n", "\n\n"),
        fc.array(fc.nat(600), { maxLength: 12 }),
        (parts, between, cuts) => {
          const text = normal(parts.join(between));
          const steps = cuts.filter((cut) => cut < text.length).sort((a, b) => a - b);
          expect(shape(grow(text, steps).tokens)).toEqual(shape(lex(text)));
        },
      ),
      { numRuns: 300 },
    );
  });

  test("keeps finished blocks as they are and reads only the last one again", () => {
    const paragraph = "A paragraph of some words.\n\n";
    const before = lexGrowing(nothingLexed, paragraph.repeat(50));
    const after = lexGrowing(before, `${paragraph.repeat(50)}and more`);
    expect(before.openAt).toBeGreaterThan(paragraph.length * 47);
    const kept = after.tokens.filter((token) => before.tokens.includes(token));
    expect(kept.length).toBeGreaterThan(90);
  });

  test("starts over when the text is another one", () => {
    const before = lexGrowing(nothingLexed, "one\n\ntwo\n\nthree\n");
    expect(shape(lexGrowing(before, "else").tokens)).toEqual(shape(lex("else")));
  });
});

describe("formulas", () => {
  const formulas = (text: string) => {
    const found: string[] = [];
    const walk = (tokens: Token[]) => {
      for (const token of tokens) {
        if (token.type === "math") found.push(`${token.display ? "D" : "I"}:${token.text}`);
        walk(("tokens" in token && token.tokens) || []);
      }
    };
    walk(lex(text));
    return found;
  };

  test.each([
    ["$x^2$", ["I:x^2"]],
    ["\\(a_b\\) and \\[c\\]", ["I:a_b", "D:c"]],
    ["$$\nE = mc^2\n$$", ["D:E = mc^2"]],
    ["\\[\n\\int_0^1 x\n\\]", ["D:\\int_0^1 x"]],
    ["text\n$$\nx\n$$\nmore", ["D:x"]],
    ["so $a$, $b$ and $c$.", ["I:a", "I:b", "I:c"]],
    ["It costs $5 and then $10.", []],
    ["between $5-$10", []],
    ["an escaped \\$x\\$", []],
    ["`$x$`", []],
    ["$ x $", []],
    ["$$ two paragraphs\n\nare no formula $$", []],
  ])("of %j", (text, expected) => {
    expect(formulas(text)).toEqual(expected);
  });
});
