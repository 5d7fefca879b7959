/** Formulas, as an extension of marked. */
import type { TokenizerAndRendererExtension, Tokens } from "marked";

export interface MathToken extends Tokens.Generic {
  type: "math";
  raw: string;
  text: string;
  display: boolean;
}

function mathToken(raw: string, text: string, display: boolean): MathToken {
  return { type: "math", raw, text: text.trim(), display };
}

export function blockMath(): TokenizerAndRendererExtension {
  // No blank line inside: a stray pair of dollars must not swallow paragraphs.
  const block =
    /^ {0,3}(?:\$\$((?:\\[\s\S]|(?!\n[ \t]*\n)[^\\$])+?)\$\$|\\\[((?:(?!\n[ \t]*\n)[\s\S])+?)\\\])[ \t]*(?:\n|$)/;
  return {
    name: "math",
    level: "block",
    start: (source) => source.match(/\n {0,3}(?:\$\$|\\\[)/)?.index,
    tokenizer(source) {
      const match = block.exec(source);
      if (match) return mathToken(match[0], match[1] ?? match[2] ?? "", true);
    },
  };
}

export function inlineMath(): TokenizerAndRendererExtension {
  const display = /^(?:\$\$((?:\\[\s\S]|[^\\$])+?)\$\$|\\\[([\s\S]+?)\\\])/;
  const bracket = /^\\\(([\s\S]+?)\\\)/;
  // Money is not maths: no space inside the dollars, no digit after them.
  const dollar = /^\$(?![\s$])((?:\\[\s\S]|[^\\$\n])*?(?:\\[^\s]|[^\\$\s]))\$(?![\d$])/;
  return {
    name: "inlineMath",
    level: "inline",
    start: (source) => source.match(/\$|\\[([]/)?.index,
    tokenizer(source) {
      const shown = display.exec(source);
      if (shown) return mathToken(shown[0], shown[1] ?? shown[2] ?? "", true);
      const inline = bracket.exec(source) ?? dollar.exec(source);
      if (inline) return mathToken(inline[0], inline[1] ?? "", false);
    },
  };
}
