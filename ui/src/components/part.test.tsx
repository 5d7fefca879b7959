import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { lazy } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { I18n } from "../test/i18n";
import { Part } from "./part";
import { Toasts } from "./toast";

const Missing = lazy(() =>
  Promise.reject(new TypeError("Failed to fetch dynamically imported module")),
);

// React tells of what it caught.
beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => {}));
afterEach(() => vi.restoreAllMocks());

test("a part that cannot be loaded says so in its place, and the rest stays", async () => {
  const reload = vi.spyOn(location, "reload").mockImplementation(() => {});
  render(
    <I18n>
      <p>the rest</p>
      <Part>
        <Missing />
      </Part>
    </I18n>,
  );
  await screen.findByText("This part of the page could not be shown.");
  screen.getByText("the rest");
  await userEvent.click(screen.getByRole("button", { name: "Reload the page" }));
  expect(reload).toHaveBeenCalledOnce();
});

test("what lies over the page goes again, with a word why", async () => {
  const close = vi.fn();
  render(
    <I18n>
      <Part onClose={close}>
        <Missing />
      </Part>
      <Toasts />
    </I18n>,
  );
  await screen.findByText(/This could not be shown/);
  expect(close).toHaveBeenCalledOnce();
});
