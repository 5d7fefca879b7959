/** Translated text with names in it. lingui.config.ts puts it in the place of the library's own. */
import { Trans as Translated, type TransProps } from "@lingui/react";

/**
 * The library looks for the places of elements, such as `<0>`, after it has put the values in: what somebody calls themselves
 * could take the place of a link, or vanish. A value that is an element is never looked into.
 */
export function Trans({ values, ...props }: TransProps) {
  const shown = Object.entries(values ?? {}).map(([name, value]) => {
    const looksLikeOne = typeof value === "string" && value.includes("<");
    return [name, looksLikeOne ? <span key={name}>{value}</span> : value];
  });
  return <Translated {...props} values={Object.fromEntries(shown)} />;
}
