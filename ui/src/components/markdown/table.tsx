/** A table, which scrolls by itself when it is wide. */
import type { Tokens } from "marked";
import { memo } from "react";
import { renderInline } from "./inline";
import styles from "./markdown.module.css";

export function Table({ token, links }: { token: Tokens.Table; links: string }) {
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
            <Row key={at} row={row} links={links} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const Row = memo(
  ({ row }: { row: Tokens.TableCell[]; links: string }) => (
    <tr>
      {row.map((cell, column) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the place is the identity.
        <td key={column} data-align={cell.align ?? undefined}>
          {renderInline(cell.tokens)}
        </td>
      ))}
    </tr>
  ),
  (before, now) =>
    before.links === now.links &&
    (before.row === now.row ||
      before.row.every(({ text, align }, at) => {
        const cell = now.row[at];
        return text === cell?.text && align === cell.align;
      })),
);
