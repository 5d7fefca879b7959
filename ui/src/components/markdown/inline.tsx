/** The marks inside a paragraph: emphasis, code, links, formulas. */
import { Trans, useLingui } from "@lingui/react/macro";
import type { Token, Tokens } from "marked";
import { Fragment, memo, type ReactNode } from "react";
import { ImageIcon } from "../icons";
import { decodeEntities } from "./entities";
import { Formula } from "./formula";
import type { MathToken } from "./formulas";
import styles from "./markdown.module.css";

/** So many marks are rendered together, or not at all while a long text grows behind them. */
const bundle = 32;

export function renderInline(tokens: Token[] | undefined): ReactNode {
  if (!tokens || tokens.length < 2 * bundle) return renderMarks(tokens);
  return Array.from({ length: Math.ceil(tokens.length / bundle) }, (_, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the place is the identity.
    <Bundle key={at} tokens={tokens.slice(at * bundle, (at + 1) * bundle)} />
  ));
}

const Bundle = memo(
  ({ tokens }: { tokens: Token[] }) => renderMarks(tokens),
  (before, now) =>
    before.tokens.length === now.tokens.length &&
    before.tokens.every((token, at) => token === now.tokens[at]),
);

function renderMarks(tokens: Token[] | undefined): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: a token's place in the text is its identity.
  return tokens?.map((token, at) => <Fragment key={at}>{renderMark(token)}</Fragment>);
}

function renderMark(token: Token): ReactNode {
  switch (token.type) {
    case "text":
      return token.tokens ? renderInline(token.tokens) : decodeEntities(token.text);
    case "escape":
      return token.text;
    case "strong":
      return <strong>{renderInline(token.tokens)}</strong>;
    case "em":
      return <em>{renderInline(token.tokens)}</em>;
    case "del":
      return <del>{renderInline(token.tokens)}</del>;
    case "codespan":
      return <code dir="ltr">{token.text}</code>;
    case "br":
      return <br />;
    case "link":
      return <Link token={token as Tokens.Link} />;
    case "image":
      return <Picture token={token as Tokens.Image} />;
    case "inlineMath":
    case "math":
      return <Formula tex={(token as MathToken).text} display={(token as MathToken).display} />;
    case "checkbox":
      return <Checkbox checked={Boolean(token.checked)} />;
    default:
      // Above all `html`: tags are shown as they were written, but for the one that cells of tables have no other way for.
      return /^<br\s*\/?>$/i.test(token.raw) ? <br /> : token.raw;
  }
}

/** Of a list of things to do. */
export function Checkbox({ checked }: { checked: boolean }) {
  const { t } = useLingui();
  const label = checked ? t`Done` : t`To do`;
  return <input type="checkbox" checked={checked} aria-label={label} disabled readOnly />;
}

/** Only what opens a page or a letter; `javascript:` and the like stay text. */
export function safeAddress(href: string): URL | null {
  try {
    const url = new URL(decodeEntities(href));
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

function plainText(tokens: Token[] | undefined): string {
  const parts = tokens?.map((token) =>
    "tokens" in token && token.tokens
      ? plainText(token.tokens)
      : decodeEntities("text" in token ? String(token.text) : ""),
  );
  return parts?.join("") ?? "";
}

function Link({ token }: { token: Tokens.Link }) {
  const address = safeAddress(token.href);
  if (!address) return renderInline(token.tokens);
  return (
    <a
      href={address.href}
      title={token.title ? decodeEntities(token.title) : undefined}
      target="_blank"
      rel="noreferrer noopener"
    >
      {renderInline(token.tokens)}
    </a>
  );
}

/**
 * An image would tell its host who reads, and when; the content policy forbids it. It opens in a tab
 * of its own when asked for.
 */
function Picture({ token }: { token: Tokens.Image }) {
  const address = safeAddress(token.href);
  const alt = plainText(token.tokens) || decodeEntities(token.text);
  return (
    <span className={styles.picture}>
      <ImageIcon />
      <span>{alt || <Trans>Image</Trans>}</span>
      {address && address.protocol !== "mailto:" && (
        <a href={address.href} target="_blank" rel="noreferrer noopener">
          <Trans>Open image at {address.host}</Trans>
        </a>
      )}
    </span>
  );
}
