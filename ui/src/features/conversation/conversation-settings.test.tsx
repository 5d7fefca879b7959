import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Project } from "../../api/client";
import { I18n } from "../../test/i18n";
import ConversationSettings from "./conversation-settings";

const project: Project = {
  id: "p",
  name: "Bridges",
  name_source: "user",
  model: "demo",
  system_prompt: "Be brief.",
  parameters: { temperature: 0.5 },
  pinned: false,
  created_at: "2026-01-01T12:00:00Z",
  updated_at: "2026-01-01T12:00:00Z",
};

const sent: unknown[] = [];
let refusal: object | null = null;

beforeEach(() => {
  sent.length = 0;
  refusal = null;
  vi.stubGlobal("fetch", async (request: Request) => {
    sent.push(await request.json());
    return refusal ? Response.json(refusal, { status: 422 }) : Response.json(project);
  });
});
afterEach(() => vi.unstubAllGlobals());

function show() {
  const onClose = vi.fn();
  const onModel = vi.fn();
  render(
    <QueryClientProvider client={new QueryClient()}>
      <ConversationSettings
        project={project}
        model="demo"
        onModel={onModel}
        modelPicker={(_, choose) => (
          <button type="button" onClick={() => choose("other")}>
            pick
          </button>
        )}
        onClose={onClose}
      />
    </QueryClientProvider>,
    { wrapper: I18n },
  );
  return { onClose, onModel };
}

const save = () => fireEvent.click(screen.getByRole("button", { name: "Save" }));

test("what was set is shown, changed, reset and saved as a whole", async () => {
  const { onClose, onModel } = show();
  expect(screen.getByLabelText("System prompt")).toHaveProperty("value", "Be brief.");
  fireEvent.click(screen.getByRole("button", { name: "Reset: Temperature" }));
  fireEvent.change(screen.getByLabelText("Top P"), { target: { value: "0.9" } });
  fireEvent.click(screen.getByText("pick"));
  save();
  await waitFor(() => expect(onClose).toHaveBeenCalled());
  expect(sent).toEqual([
    { system_prompt: "Be brief.", parameters: { top_p: 0.9 }, model: "other" },
  ]);
  expect(onModel).toHaveBeenCalledWith("other");
});

test("a mistake is told at its field, and nothing is sent", () => {
  const { onClose } = show();
  fireEvent.change(screen.getByLabelText("Temperature"), { target: { value: "7" } });
  save();
  expect(screen.getByRole("alert").textContent).toContain("from 0 to 2");
  expect(screen.getByLabelText("Temperature").getAttribute("aria-invalid")).toBe("true");
  expect(sent).toEqual([]);
  expect(onClose).not.toHaveBeenCalled();
});

test("what the server refuses is told at the field it names", async () => {
  refusal = { status: 422, code: "invalid", field: "parameters.extra", detail: "k is not for you" };
  const { onClose } = show();
  fireEvent.change(screen.getByLabelText("Other parameters"), { target: { value: '{"k": 2}' } });
  save();
  expect((await screen.findByRole("alert")).textContent).toBe("K is not for you.");
  expect(onClose).not.toHaveBeenCalled();
});

test("what has a field of its own is not taken among the other parameters", () => {
  const { onClose } = show();
  fireEvent.change(screen.getByLabelText("Other parameters"), { target: { value: '{"n": 2}' } });
  save();
  expect(screen.getByRole("alert").textContent).toContain("“n” cannot be passed on");
  expect(sent).toEqual([]);
  expect(onClose).not.toHaveBeenCalled();
});
