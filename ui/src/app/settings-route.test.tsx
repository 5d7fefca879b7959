import { fireEvent, render, screen } from "@testing-library/react";
import { BrowserRouter, Route, Routes, useLocation, useNavigate } from "react-router";
import { afterEach, expect, test, vi } from "vitest";
import { I18n } from "../test/i18n";
import { SettingsRoute } from "./settings-route";

vi.mock("./shell", () => ({ useFrame: () => ({ leading: null }) }));
vi.mock("../features/settings/settings-page", () => ({
  default: ({ onBack }: { onBack: () => void }) => (
    <button type="button" onClick={onBack}>
      Back
    </button>
  ),
}));

afterEach(() => history.replaceState(null, "", "/"));

function Page() {
  const navigate = useNavigate();
  return (
    <>
      <p>{useLocation().pathname}</p>
      <button type="button" onClick={() => navigate("/settings", { replace: true })}>
        Sign in
      </button>
    </>
  );
}

test("Back leads into Loquat where the settings took the place of the page to sign in", async () => {
  history.replaceState(null, "", "/login");
  const out = vi.spyOn(history, "go");
  render(
    <BrowserRouter>
      <Page />
      <Routes>
        <Route path="settings" element={<SettingsRoute />} />
        <Route path="*" element={null} />
      </Routes>
    </BrowserRouter>,
    { wrapper: I18n },
  );
  fireEvent.click(screen.getByText("Sign in"));
  fireEvent.click(await screen.findByText("Back"));
  expect(await screen.findByText("/")).toBeTruthy();
  expect(out).not.toHaveBeenCalled();
});
