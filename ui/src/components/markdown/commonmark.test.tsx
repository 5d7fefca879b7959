/** CommonMark's own examples, letter by letter: each gives the same page as one parse. */
import { render } from "@testing-library/react";
import specification from "commonmark-spec";
import { Marked } from "marked";
import { expect, test } from "vitest";
import { I18n } from "../../test/i18n";
import { blockMath, inlineMath } from "./formulas";
import { lexGrowing, nothingLexed } from "./lexer";
import { Markdown } from "./markdown";

const marked = new Marked({ gfm: true, extensions: [blockMath(), inlineMath()] });
const examples = specification.tests.map(({ number, section, markdown }) => ({
  name: `${number}, ${section}`,
  text: markdown.replaceAll("→", "\t"),
}));

test("there are examples", () => {
  expect(examples.length).toBeGreaterThan(600);
});

test.each(examples)("example $name", ({ text }) => {
  let lexed = nothingLexed;
  const grown = render(<Markdown text="" />, { wrapper: I18n });
  for (let at = 1; at <= text.length; at++) {
    const begun = text.slice(0, at);
    lexed = lexGrowing(lexed, begun);
    expect(JSON.stringify(lexed.tokens)).toBe(JSON.stringify(marked.lexer(begun)));
    if (at % 5 === 0 || at === text.length) grown.rerender(<Markdown text={begun} />);
  }
  const once = render(<Markdown text={text} />, { wrapper: I18n });
  expect(grown.container.innerHTML).toBe(once.container.innerHTML);
});
