import { render, screen } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { I18n } from "../../test/i18n";
import { Markdown } from "./markdown";

const show = (text: string) => render(<Markdown text={text} />, { wrapper: I18n }).container;

describe("what a model writes", () => {
  test("is never HTML: tags are shown as they were written", () => {
    const page = show('<img src=x onerror="alert(1)">\n\nand <b>inline</b> <script>x</script>');
    expect(page.querySelector("img, b, script")).toBeNull();
    expect(page.textContent).toContain('<img src=x onerror="alert(1)">');
    expect(page.textContent).toContain("<b>inline</b>");
  });

  test("of tags only the line break means something, without anything in it", () => {
    const page = show("| a |\n|---|\n| one<br>two<BR />three<br onclick=x>four |");
    const cell = page.querySelector("td");
    expect(cell?.querySelectorAll("br")).toHaveLength(2);
    expect(cell?.textContent).toBe("onetwothree<br onclick=x>four");
  });

  test.each(["javascript:alert(1)", "data:text/html,x", "vbscript:x", "/relative", "file:///etc"])(
    "makes no link to %s",
    (href) => {
      const page = show(`[click](${href})`);
      expect(page.querySelector("a")).toBeNull();
      expect(page.textContent).toBe("click");
    },
  );

  test("links to pages and letters, in a new tab that learns nothing of this one", () => {
    show("[page](https://example.org/a) <me@example.org>");
    const link = screen.getByRole("link", { name: "page" });
    expect(link).toHaveProperty("href", "https://example.org/a");
    expect(link).toHaveProperty("target", "_blank");
    expect(link).toHaveProperty("rel", "noreferrer noopener");
    expect(screen.getByRole("link", { name: "me@example.org" })).toHaveProperty(
      "href",
      "mailto:me@example.org",
    );
  });

  test("loads no picture by itself: it shows its text and its host", () => {
    const page = show("![A *cat*](https://example.org/cat.png)");
    expect(page.querySelector("img")).toBeNull();
    expect(page.textContent).toContain("A cat");
    expect(screen.getByRole("link", { name: "Open image at example.org" })).toBeTruthy();
  });

  test("puts its headings below those of the page", () => {
    show("# Top\n\n## Below\n\n##### Deep");
    expect(screen.getByRole("heading", { level: 3 }).textContent).toBe("Top");
    expect(screen.getByRole("heading", { level: 4 }).textContent).toBe("Below");
    expect(screen.getByRole("heading", { level: 5 }).textContent).toBe("Deep");
  });

  test("shows character references as characters, in text but not in code", () => {
    const page = show("a &amp; b &lt;c&gt; &#x2014; &constructor; `&amp;`");
    expect(page.textContent).toBe("a & b <c> — &constructor; &amp;");
  });

  test("has code and wide tables that the keyboard can reach and scroll", () => {
    const page = show("```js\nlet a\n```\n\n| a |\n|---|\n| 1 |");
    expect(page.querySelector("pre")?.tabIndex).toBe(0);
    expect(page.querySelector("table")?.parentElement?.tabIndex).toBe(0);
    expect(page.querySelector("figcaption")?.textContent).toContain("js");
  });

  test("keeps the source of a formula readable until it can be drawn", () => {
    expect(show("so $x^2$ it is").textContent).toContain("x^2");
  });
});

test("a text that grew shows the same page as one that was there at once", () => {
  const text =
    "# T\n\n- [ ] a\n- b\n\n1. x\n   ```js\n   y\n   ```\n\n> q **b**\n\n| a | b |\n|--|--|\n| 1 | `2` |\n\n[r]\n\n[r]: https://example.org\n";
  const grown = render(<Markdown text="" />, { wrapper: I18n });
  for (let at = 1; at <= text.length; at++) grown.rerender(<Markdown text={text.slice(0, at)} />);
  const once = show(text);
  expect(grown.container.innerHTML).toBe(once.innerHTML);
});

test("headings begin below the turn's own, without a gap, and keep their level while more comes", () => {
  const levels = (text: string) =>
    [...show(text).querySelectorAll("h3, h4, h5, h6")].map(({ tagName }) => tagName).join(" ");
  expect(levels("## A\n\n### B\n\n##### C\n\n## D\n\n# E\n\n##")).toBe("H3 H4 H5 H3 H3");
});
