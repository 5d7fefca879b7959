/**
 * Markdown as React elements, the same component for a growing text and a finished one. Nothing in
 * it is ever HTML: tags in the text are shown as text.
 */
import type { Token, Tokens } from "marked";
import { memo, useRef } from "react";
import { CodeBlock } from "./code-block";
import { Formula } from "./formula";
import type { MathToken } from "./formulas";
import { Checkbox, renderInline } from "./inline";
import { type Lexed, lexGrowing, nothingLexed } from "./lexer";
import styles from "./markdown.module.css";
import { Table } from "./table";

export function Markdown({ text }: { text: string }) {
  const lexed = useRef<Lexed>(nothingLexed);
  lexed.current = lexGrowing(lexed.current, text);
  return (
    <div className={styles.markdown} dir="auto">
      <Segments tokens={lexed.current.tokens} links={lexed.current.links} />
    </div>
  );
}

/** So many blocks have a box of their own: in a long answer the page passes over it as a whole. */
const inSegment = 24;

function Segments({ tokens, links }: { tokens: Token[]; links: string }) {
  const levels = headingLevels(tokens);
  return Array.from({ length: Math.ceil(tokens.length / inSegment) }, (_, at) => (
    <Segment
      // biome-ignore lint/suspicious/noArrayIndexKey: the place is the identity.
      key={at}
      tokens={tokens.slice(at * inSegment, (at + 1) * inSegment)}
      links={links}
      levels={levels}
    />
  ));
}

const Segment = memo(
  (props: BlocksProps) => (
    <div className={styles.segment}>
      <Blocks {...props} />
    </div>
  ),
  (before, now) =>
    before.links === now.links &&
    before.tokens.length === now.tokens.length &&
    before.tokens.every((token, at) => token === now.tokens[at]),
);

interface BlocksProps {
  tokens: Token[];
  links: string;
  levels?: Map<Token, Level>;
}

function Blocks({ tokens, links, levels = headingLevels(tokens) }: BlocksProps) {
  // A token's place in the text is its identity: only the last ones still change.
  return tokens.map((token, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: see above.
    <Block key={at} token={token} links={links} level={levels.get(token)} />
  ));
}

type Level = 3 | 4 | 5 | 6;

/**
 * Below the page's own h1 and the h2 of the turn, without a gap, wherever the text itself begins.
 * Only what stands before a heading counts: it keeps its level while the text grows.
 */
function headingLevels(tokens: Token[]): Map<Token, Level> {
  const levels = new Map<Token, Level>();
  let top = 0;
  let last = 2;
  for (const token of tokens) {
    if (token.type !== "heading") continue;
    top ||= token.depth;
    last = Math.min(last + 1, 6, 3 + Math.max(0, token.depth - top));
    levels.set(token, last as Level);
  }
  return levels;
}

interface BlockProps {
  token: Token;
  links: string;
  /** Of a heading. */
  level?: Level | undefined;
}

const Block = memo(
  ({ token, links, level }: BlockProps) => renderBlock(token, links, level),
  (before, now) =>
    before.links === now.links &&
    before.level === now.level &&
    (before.token === now.token ||
      (before.token.raw === now.token.raw && before.token.type === now.token.type)),
);

function renderBlock(token: Token, links: string, level: Level = 3) {
  switch (token.type) {
    case "paragraph":
      return <p dir="auto">{renderInline(token.tokens)}</p>;
    case "heading":
      return <Heading token={token as Tokens.Heading} level={level} />;
    case "code":
      return <Code token={token as Tokens.Code} />;
    case "list":
      return <List token={token as Tokens.List} links={links} />;
    case "table":
      return <Table token={token as Tokens.Table} links={links} />;
    case "blockquote":
      return (
        <blockquote dir="auto">
          <Blocks tokens={token.tokens ?? []} links={links} />
        </blockquote>
      );
    case "hr":
      return <hr />;
    case "math":
      return <Formula tex={(token as MathToken).text} display />;
    case "text":
      return token.tokens ? renderInline(token.tokens) : token.text;
    case "html":
      return <p className={styles.raw}>{token.raw.trimEnd()}</p>;
    default:
      return null;
  }
}

function Heading({ token, level }: { token: Tokens.Heading; level: Level }) {
  // Its words are still to come.
  if (token.text === "") return null;
  const Tag = `h${level}` as const;
  return (
    <Tag dir="auto" data-depth={token.depth}>
      {renderInline(token.tokens)}
    </Tag>
  );
}

function Code({ token }: { token: Tokens.Code }) {
  const closed = /\n *(?:`{3,}|~{3,})\s*$/.test(token.raw);
  return <CodeBlock code={token.text} language={languageOf(token)} closed={closed} />;
}

/** "```js title=x" is JavaScript. */
function languageOf(token: Tokens.Code): string {
  return token.lang?.match(/^[^\s{,:]+/)?.[0].toLowerCase() ?? "";
}

function List({ token, links }: { token: Tokens.List; links: string }) {
  const items = token.items.map((item, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the place is the identity.
    <Item key={at} item={item} loose={token.loose} links={links} />
  ));
  if (!token.ordered) return <ul dir="auto">{items}</ul>;
  return (
    <ol dir="auto" start={token.start === "" ? 1 : token.start}>
      {items}
    </ol>
  );
}

interface ItemProps {
  item: Tokens.ListItem;
  loose: boolean;
  links: string;
}

const Item = memo(
  ({ item, loose, links }: ItemProps) => (
    <li className={item.task ? styles.task : undefined}>
      {item.tokens.map((token, at) => {
        if (loose && token.type === "text" && token.tokens) {
          // biome-ignore lint/suspicious/noArrayIndexKey: the place is the identity.
          return <p key={at}>{renderInline(token.tokens)}</p>;
        }
        // biome-ignore lint/suspicious/noArrayIndexKey: the place is the identity.
        return <ItemPart key={at} token={token} links={links} />;
      })}
    </li>
  ),
  (before, now) =>
    before.links === now.links &&
    before.loose === now.loose &&
    before.item.raw === now.item.raw &&
    before.item.task === now.item.task,
);

function ItemPart({ token, links }: { token: Token; links: string }) {
  if (token.type === "checkbox") {
    return <Checkbox checked={Boolean(token.checked)} />;
  }
  return <Block token={token} links={links} />;
}
