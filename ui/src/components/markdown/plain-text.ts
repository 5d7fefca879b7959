/** Markdown without its marks: the words as they are read on the page. */
import type { Token, Tokens } from "marked";
import { decodeEntities } from "./entities";
import { lexGrowing, nothingLexed } from "./lexer";

export function plainText(markdown: string): string {
  return blocks(lexGrowing(nothingLexed, markdown).tokens);
}

/** The same of a piece of a text, in which a mark may stand without its other half. */
export function plainPiece(markdown: string): string {
  return plainText(markdown).replace(/\*\*|~~|`+/g, "");
}

function blocks(tokens: Token[]): string {
  return tokens.map(wordsOf).filter(Boolean).join("\n");
}

/** What stands in one line together. */
function line(tokens: Token[]): string {
  return tokens.map(wordsOf).join("");
}

function wordsOf(token: Token): string {
  switch (token.type) {
    case "space":
    case "hr":
    case "def":
    case "checkbox":
      return "";
    case "br":
      return "\n";
    case "list":
      return (token as Tokens.List).items.map((item) => blocks(item.tokens)).join("\n");
    case "blockquote":
      return blocks(token.tokens ?? []);
    case "table": {
      const { header, rows } = token as Tokens.Table;
      const rowOf = (cells: Tokens.TableCell[]) => cells.map((cell) => line(cell.tokens)).join(" ");
      return [header, ...rows].map(rowOf).join("\n");
    }
    case "code":
    case "codespan":
    case "escape":
    case "math":
    case "inlineMath":
      return token.text;
    case "html":
      return token.raw;
    default:
      if ("tokens" in token && token.tokens) return line(token.tokens);
      return decodeEntities("text" in token ? String(token.text) : token.raw);
  }
}
