/**
 * Markdown as marked's tokens, with formulas added, and lexed a little at a time: text that grows
 * at its end is read again only from the last place that nothing to come can change.
 */
import {
  Marked,
  type Token,
  type TokenizerAndRendererExtension,
  type Tokens,
  type TokensList,
} from "marked";

export interface MathToken extends Tokens.Generic {
  type: "math";
  raw: string;
  text: string;
  display: boolean;
}

const marked = new Marked({ gfm: true, extensions: [blockMath(), inlineMath()] });

export function lex(source: string): Token[] {
  return marked.lexer(source);
}

export interface Lexed {
  source: string;
  /** One list for each part of the text; all but the last part are settled for good. */
  settled: Token[];
  /** Where the part that is still open begins. */
  openAt: number;
  tokens: Token[];
  /** The link definitions in force: a new one changes text that looks the same. */
  links: string;
}

export const nothingLexed: Lexed = { source: "", settled: [], openAt: 0, tokens: [], links: "" };

/** The tokens of `source`; settled tokens of `before` are the same objects when it only grew. */
export function lexGrowing(before: Lexed, given: string): Lexed {
  const source = given.includes("\r") ? given.replace(/\r\n?/g, "\n") : given;
  if (source === before.source) return before;
  const grew = before.openAt > 0 && source.startsWith(before.source);
  const settledBefore = grew ? before.settled : [];
  const from = grew ? before.openAt : 0;
  const open = lex(source.slice(from));
  // A definition anywhere can turn earlier text into a link: then nothing is settled.
  if (definition.test(source.slice(from))) {
    const tokens = from === 0 ? open : lex(source);
    return { source, settled: [], openAt: 0, tokens, links: definitions(tokens) };
  }
  const { count, length } = settledPart(open);
  const settled = count > 0 ? settledBefore.concat(open.slice(0, count)) : settledBefore;
  const tokens = settledBefore.concat(open);
  return { source, settled, openAt: from + length, tokens, links: "" };
}

function definitions(tokens: Token[]): string {
  return JSON.stringify((tokens as TokensList).links ?? {});
}

const definition = /^[ >*+\-\d.)]*\[[^\]]+\]:/m;

/**
 * How many tokens, and characters, nothing that is appended can change. A block is over when a
 * blank line follows it and the line after that is whole: an unfinished line could still turn into
 * the next item of a list, say.
 */
function settledPart(tokens: Token[]): { count: number; length: number } {
  let end = 0;
  for (const token of tokens) end += token.raw.length;
  let start = end;
  for (let at = tokens.length - 1; at > 0; at--) {
    const token = tokens[at] as Token;
    start -= token.raw.length;
    if (token.type === "space") continue;
    const before = (tokens[at - 1] as Token).raw;
    const tail = tokens.slice(at).map(({ raw }) => raw);
    if (/\n[ \t]*\n$/.test(lastLines(tokens, at, before)) && tail.join("").includes("\n")) {
      return { count: at, length: start };
    }
  }
  return { count: 0, length: 0 };
}

/** The end of the text before token `at`: a blank line may be shared by two tokens. */
function lastLines(tokens: Token[], at: number, before: string): string {
  return at > 1 ? (tokens[at - 2] as Token).raw.slice(-80) + before : before;
}

function mathToken(raw: string, text: string, display: boolean): MathToken {
  return { type: "math", raw, text: text.trim(), display };
}

function blockMath(): TokenizerAndRendererExtension {
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

function inlineMath(): TokenizerAndRendererExtension {
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
