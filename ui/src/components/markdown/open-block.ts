/**
 * Long lists and tables that are still being written: all but their last items or rows are settled,
 * so that each new word costs as much as in a short one.
 */
import type { Token, Tokens, TokensList } from "marked";

type Lex = (source: string) => TokensList;
type Splittable = Tokens.List | Tokens.Table;

export interface Begun {
  /** Whole blocks before it that end in no blank line. */
  head: Token[];
  /** The block with what is settled of it. */
  token: Splittable;
  /** Where the rest begins. */
  at: number;
  /** What makes the rest a block of the same kind: a table's head. */
  prelude: string;
}

/** So many new items or rows are worth settling. */
const worth = 12;
/** So many at the end may still change: what looks like an item can turn into text of the one before. */
const open = 2;

/** The tokens of the open part, read from where `begun` ends; `null` where that is not enough. */
export function goOn(begun: Begun, source: string, lex: Lex): TokensList | null {
  const read = lex(begun.prelude + source.slice(begun.at));
  const [first, ...rest] = read;
  const block = first ? joined(begun, first) : null;
  return block && Object.assign([...begun.head, block, ...rest], { links: read.links });
}

function joined({ token, prelude }: Begun, tail: Token): Splittable | null {
  if (token.type === "table" && tail.type === "table") {
    const { raw, rows } = tail as Tokens.Table;
    return {
      ...(token as Tokens.Table),
      raw: token.raw + raw.slice(prelude.length),
      rows: token.rows.concat(rows),
    };
  }
  if (token.type !== "list" || tail.type !== "list") return null;
  const list = token as Tokens.List;
  const { raw, items, loose } = tail as Tokens.List;
  if (list.ordered !== tail.ordered || (loose && !list.loose)) return null;
  if (list.loose && !loose && !items.every(loosen)) return null;
  return { ...list, raw: list.raw + raw, items: list.items.concat(items) };
}

/** Makes an item of a list without blank lines one of a list with them. */
function loosen(item: Tokens.ListItem): boolean {
  item.loose = true;
  for (const token of item.tokens) if (token.type === "text") token.type = "paragraph";
  return !item.task;
}

/** What is settled now of the last block of the open part, which begins at `openAt`. */
export function begin(
  before: Begun | null,
  tokens: Token[],
  openAt: number,
  lex: Lex,
): Begun | null {
  const last = tokens.findLastIndex(({ type }) => type !== "space");
  const token = tokens[last];
  const known = before?.head.length === last ? before : null;
  const head = tokens.slice(0, last);
  const from = known?.at ?? head.reduce((sum, { raw }) => sum + raw.length, openAt);
  switch (token?.type) {
    case "table":
      return beginTable(token as Tokens.Table, known, head, from) ?? before;
    case "list":
      return beginList(token as Tokens.List, known, head, from, lex) ?? before;
    default:
      return before;
  }
}

function beginTable(
  table: Tokens.Table,
  known: Begun | null,
  head: Token[],
  from: number,
): Begun | null {
  const count = table.rows.length - open;
  const done = known?.token as Tokens.Table | undefined;
  if (count - (done?.rows.length ?? 0) < worth) return null;
  const { raw } = table;
  // Each row is one line, below the two of the head.
  let cut = raw.replace(/\n[ \t]*$/, "").length + 1;
  for (let row = 0; row < open; row++) cut = raw.lastIndexOf("\n", cut - 2) + 1;
  const body = raw.indexOf("\n", raw.indexOf("\n") + 1) + 1;
  return {
    head,
    token: { ...table, raw: raw.slice(0, cut), rows: table.rows.slice(0, count) },
    at: from + cut - (done?.raw.length ?? 0),
    prelude: raw.slice(0, body),
  };
}

function beginList(
  list: Tokens.List,
  known: Begun | null,
  head: Token[],
  from: number,
  lex: Lex,
): Begun | null {
  const count = list.items.length - open;
  const done = known?.token as Tokens.List | undefined;
  if (count - (done?.items.length ?? 0) < worth) return null;
  const cut = list.items.slice(0, count).reduce((sum, { raw }) => sum + raw.length, 0);
  const { raw } = list;
  if (list.loose && !done?.loose) {
    // The last item may have made it so, and turn out to be something else.
    const sure = raw.slice(done?.raw.length ?? 0, cut + (list.items[count]?.raw.length ?? 0));
    if (!(lex(sure)[0] as Tokens.List | undefined)?.loose) return null;
  }
  return {
    head,
    token: { ...list, raw: raw.slice(0, cut), items: list.items.slice(0, count) },
    at: from + cut - (done?.raw.length ?? 0),
    prelude: "",
  };
}
