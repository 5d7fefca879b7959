/**
 * Markdown as React elements, the same component for a growing text and a finished one. Nothing in
 * it is ever HTML: tags in the text are shown as text.
 */
import type { Token, Tokens } from "marked";
import { memo, useRef } from "react";
import { CodeBlock } from "./code-block";
import { Formula } from "./formula";
import { renderInline } from "./inline";
import { type Lexed, lexGrowing, type MathToken, nothingLexed } from "./lexer";
import styles from "./markdown.module.css";

export function Markdown({ text }: { text: string }) {
  const lexed = useRef<Lexed>(nothingLexed);
  lexed.current = lexGrowing(lexed.current, text);
  return (
    <div className={styles.markdown} dir="auto">
      <Blocks tokens={lexed.current.tokens} links={lexed.current.links} />
    </div>
  );
}

function Blocks({ tokens, links }: { tokens: Token[]; links: string }) {
  // A token's place in the text is its identity: only the last ones still change.
  // biome-ignore lint/suspicious/noArrayIndexKey: see above.
  return tokens.map((token, at) => <Block key={at} token={token} links={links} />);
}

const Block = memo(
  ({ token, links }: { token: Token; links: string }) => renderBlock(token, links),
  (before, now) =>
    before.links === now.links &&
    (before.token === now.token ||
      (before.token.raw === now.token.raw && before.token.type === now.token.type)),
);

function renderBlock(token: Token, links: string) {
  switch (token.type) {
    case "paragraph":
      return <p dir="auto">{renderInline(token.tokens)}</p>;
    case "heading":
      return <Heading token={token as Tokens.Heading} />;
    case "code":
      return <CodeBlock code={token.text} language={languageOf(token as Tokens.Code)} />;
    case "list":
      return <List token={token as Tokens.List} links={links} />;
    case "table":
      return <Table token={token as Tokens.Table} />;
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

/** Below the page's own h1 and the h2 of the turn. */
function Heading({ token }: { token: Tokens.Heading }) {
  const level = Math.min(6, token.depth + 2) as 3 | 4 | 5 | 6;
  const Tag = `h${level}` as const;
  return (
    <Tag dir="auto" data-depth={token.depth}>
      {renderInline(token.tokens)}
    </Tag>
  );
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
    return <input type="checkbox" checked={Boolean(token.checked)} disabled readOnly />;
  }
  return <Block token={token} links={links} />;
}

function Table({ token }: { token: Tokens.Table }) {
  const align = (at: number) => token.align[at] ?? undefined;
  return (
    // A wide table scrolls by itself, so the keyboard has to reach it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above.
    <div className={styles.table} tabIndex={0}>
      <table dir="auto">
        <thead>
          <tr>
            {token.header.map((cell, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the place is the identity.
              <th key={at} scope="col" data-align={align(at)}>
                {renderInline(cell.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the place is the identity.
            <tr key={at}>
              {row.map((cell, column) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the place is the identity.
                <td key={column} data-align={align(column)}>
                  {renderInline(cell.tokens)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
