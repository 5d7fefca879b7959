/**
 * A long paragraph that is still being written: what no mark to come can reach is not read again.
 */
import type { Lexer, Token } from "marked";

/** Shorter texts are read as a whole, in characters. */
const long = 2000;
/** So much at the end stays open, in characters. */
const end = 400;

interface Known {
  source: string;
  tokens: Token[];
  links: string;
}

/** Of the text that was read last: only one answer is being written. */
let known: Known | null = null;

/** Adds the marks in `source` to `tokens`. */
export function readMarks(lexer: Lexer, source: string, tokens: Token[]): void {
  if (source.length < long) {
    lexer.inlineTokens(source, tokens);
    return;
  }
  const links = JSON.stringify(lexer.tokens.links);
  const before = known?.links === links && source.startsWith(known.source) ? known : null;
  const begun = before?.source.length ?? 0;
  const read = lexer.inlineTokens(source.slice(begun), []);
  const { tokens: closed, length } = closedPart(read, source.length - begun - end);
  known = {
    source: source.slice(0, begun + length),
    tokens: before ? before.tokens.concat(closed) : closed,
    links,
  };
  tokens.push(...known.tokens, ...read.slice(closed.length));
}

/** The marks that stay as they are, whatever follows, up to a space before `limit`. */
function closedPart(tokens: Token[], limit: number): { tokens: Token[]; length: number } {
  let length = 0;
  let count = 0;
  let sure = { count: 0, length: 0 };
  for (const token of tokens) {
    if (!isClosed(token)) break;
    if (length + token.raw.length > limit) {
      if (token.type !== "text") break;
      // The text itself is parted, in `tokens` as well.
      const cut = token.raw.slice(0, Math.max(0, limit - length)).search(/\s\S*$/) + 1;
      if (cut === 0 || /^\s/.test(token.raw.slice(cut))) break;
      const [head, tail] = [token.raw.slice(0, cut), token.raw.slice(cut)];
      tokens.splice(
        count,
        1,
        { ...token, raw: head, text: head },
        { ...token, raw: tail, text: tail },
      );
      sure = { count: count + 1, length: length + cut };
      break;
    }
    count++;
    length += token.raw.length;
    const next = tokens[count]?.raw ?? "";
    if (/\S[ \n]$/.test(token.raw) && /^\S/.test(next)) sure = { count, length };
  }
  return { tokens: tokens.slice(0, sure.count), length: sure.length };
}

/** Nothing in it could pair with a mark that is still to come. */
function isClosed(token: Token): boolean {
  switch (token.type) {
    case "text":
      return !/[*_~`[\]<$\\]/.test(token.raw);
    case "strong":
    case "em":
    case "del":
      return token.tokens?.every(isClosed) ?? false;
    case "link":
      return !/`|.[<[]/.test(token.raw) && (token.tokens?.every(isClosed) ?? false);
    // marked hides code, links and tags from emphasis by a search of its own, in here too.
    case "codespan":
      return !token.text.includes("`");
    case "math":
      return !/[`<[]/.test(token.text);
    // A formula may begin with an escaped bracket.
    case "escape":
      return !/[`<[(]/.test(token.text);
    default:
      return false;
  }
}
