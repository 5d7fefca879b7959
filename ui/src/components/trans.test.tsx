import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { Trans } from "@lingui/react/macro";
import { render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";

test.each(["<0>press</0>", "<script>1</script>", "a < b", "<0/>", "</0>", "{name}", "<1>"])(
  "the name %s is shown as it is, and takes no element's place",
  (name) => {
    const complaint = vi.spyOn(console, "error").mockImplementation(() => {});
    render(
      <I18nProvider i18n={i18n}>
        <p>
          <Trans>
            Signed in as {name}, <a href="/elsewhere">not you?</a>
          </Trans>
        </p>
      </I18nProvider>,
    );
    expect(screen.getByText(/Signed in as/).textContent).toBe(`Signed in as ${name}, not you?`);
    expect(screen.getAllByRole("link")).toHaveLength(1);
    expect(screen.getByRole("link").textContent).toBe("not you?");
    expect(complaint).not.toHaveBeenCalled();
  },
);
