/**
 * Markdown as marked's tokens, with formulas added, and lexed a little at a time: text that grows
 * at its end is read again only from the last place that nothing to come can change.
 */
import { Lexer, type Links, Marked, type Token, type TokensList } from "marked";
import { blockMath, inlineMath } from "./formulas";
import { readMarks } from "./long-text";
import { type Begun, begin, goOn } from "./open-block";

const marked = new Marked({ gfm: true, extensions: [blockMath(), inlineMath()] });

/** `links`: definitions that stand before `source`. */
function lex(source: string, links: Links): TokensList {
  const lexer = new Lexer(marked.defaults);
  Object.assign(lexer.tokens.links, links);
  lexer.blockTokens(source, lexer.tokens);
  // All definitions are known now.
  for (const { src, tokens } of lexer.inlineQueue) {
    lexer.state.inRawBlock = false;
    readMarks(lexer, src, tokens);
  }
  return lexer.tokens;
}

export interface Lexed {
  source: string;
  /** All blocks but the last ones, which may still change. */
  settled: Token[];
  /** The link definitions among them. */
  definitions: Links;
  /** Where the part that is still open begins. */
  openAt: number;
  /** What is settled of a long block in that part. */
  begun: Begun | null;
  tokens: Token[];
  /** The link definitions in force: a new one changes text that looks the same. */
  links: string;
}

export const nothingLexed: Lexed = {
  source: "",
  settled: [],
  definitions: {},
  openAt: 0,
  begun: null,
  tokens: [],
  links: "{}",
};

/** The tokens of `source`; settled tokens of `before` are the same objects when it only grew. */
export function lexGrowing(before: Lexed, given: string): Lexed {
  const source = given.includes("\r") ? given.replace(/\r\n?/g, "\n") : given;
  if (source === before.source) return before;
  const kept = before.openAt > 0 || before.begun !== null;
  const grew = kept && source.startsWith(before.source);
  const next = lexFrom(grew ? before : nothingLexed, source);
  // A definition anywhere can turn earlier text into a link.
  return grew && next.links !== before.links ? lexFrom(nothingLexed, source) : next;
}

function lexFrom(before: Lexed, source: string): Lexed {
  const { definitions } = before;
  const read = (text: string) => lex(text, definitions);
  const open =
    (before.begun && goOn(before.begun, source, read)) ?? read(source.slice(before.openAt));
  const tokens = before.settled.concat(open);
  const links = JSON.stringify(open.links);
  const { count, length } = settledPart(open);
  const openAt = before.openAt + length;
  const defines = Object.keys(open.links).length > Object.keys(definitions).length;
  const begun = defines
    ? null
    : begin(count > 0 ? null : before.begun, open.slice(count), openAt, read);
  if (count === 0) return { ...before, source, begun, tokens, links };
  const fresh = open.slice(0, count);
  return {
    source,
    settled: before.settled.concat(fresh),
    definitions: defines ? { ...definitionsIn(fresh), ...definitions } : definitions,
    openAt,
    begun,
    tokens,
    links,
  };
}

function definitionsIn(tokens: Token[]): Links {
  const found: Links = {};
  marked.walkTokens(tokens, (token) => {
    if (token.type === "def") found[token.tag] ??= { href: token.href, title: token.title };
  });
  return found;
}

/**
 * How many tokens, and characters, nothing that is appended can change. A block is over when a
 * blank line follows it and the line after that is whole: an unfinished line could still turn into
 * the next item of a list, say.
 */
function settledPart(tokens: Token[]): { count: number; length: number } {
  let start = 0;
  for (const token of tokens) start += token.raw.length;
  let whole = false;
  for (let at = tokens.length - 1; at > 0; at--) {
    const token = tokens[at] as Token;
    start -= token.raw.length;
    whole ||= token.raw.includes("\n");
    if (token.type === "space" || !whole) continue;
    if (/\n[ \t]*\n$/.test(endBefore(tokens, at))) return { count: at, length: start };
  }
  return { count: 0, length: 0 };
}

/** The end of the text before token `at`: a blank line may be shared by two tokens. */
function endBefore(tokens: Token[], at: number): string {
  const end = (tokens[at - 1] as Token).raw.slice(-80);
  return at > 1 ? (tokens[at - 2] as Token).raw.slice(-80) + end : end;
}
