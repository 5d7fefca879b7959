import { act, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test, vi } from "vitest";
import * as api from "../../api/attachments";
import type { Attachment, Message } from "../../api/client";
import { ConnectionError, ProblemError } from "../../api/problem";
import { Toasts } from "../../components/toast";
import { I18n } from "../../test/i18n";
import type { Branching } from "./branching";
import { readDraft } from "./draft";
import { Question } from "./question";
import { changeTray, forgetTray } from "./tray";

const message: Message = {
  id: "q2",
  attachments: [],
  siblings: ["q1", "q2", "q3"],
  project_id: "p",
  role: "user",
  content: "What is a loquat?",
  status: "complete",
  created_at: "2026-03-01T10:00:00.000Z",
  updated_at: "2026-03-01T10:00:00.000Z",
};

function newBranching(more: Partial<Branching> = {}): Branching {
  return {
    hindrance: null,
    busy: null,
    model: null,
    images: { offered: true, imageless: null },
    editKey: (id) => `draft.u.p.edit.${id}`,
    regenerate: vi.fn(),
    edit: vi.fn(async () => {}),
    show: vi.fn(),
    reveal: vi.fn(),
    remove: vi.fn(),
    ...more,
  };
}

beforeEach(() => forgetTray("draft.u.p.edit.q2"));

const show = (branching = newBranching(), shown = message) => {
  const question = (given: Message) => (
    <Question message={given} branching={branching} onDelete={() => {}} />
  );
  const page = render(question(shown), { wrapper: I18n });
  return { branching, become: (next: Message) => page.rerender(question(next)), ...page };
};
const box = () => screen.getByRole<HTMLTextAreaElement>("textbox");
const press = (name: string) => fireEvent.click(screen.getByRole("button", { name }));

test("a question is edited in place and sent by Enter", async () => {
  const { branching } = show();
  press("Edit");
  expect(box().value).toBe("What is a loquat?");
  expect(document.activeElement).toBe(box());
  await userEvent.type(box(), " And a medlar?{enter}");
  expect(branching.edit).toHaveBeenCalledWith(
    message,
    { text: "What is a loquat? And a medlar?", images: [] },
    expect.any(HTMLElement),
  );
});

test("Escape gives up, and nothing is kept", async () => {
  show();
  press("Edit");
  await userEvent.type(box(), " And more");
  expect(readDraft("draft.u.p.edit.q2").text).toContain("And more");
  await userEvent.keyboard("{Escape}");
  expect(screen.queryByRole("textbox")).toBeNull();
  expect(document.activeElement).toBe(screen.getByRole("button", { name: "Edit" }));
  expect(readDraft("draft.u.p.edit.q2").text).toBe("");
});

test("copying from the menu says so, and says where the browser refuses", async () => {
  show();
  render(<Toasts />, { wrapper: I18n });
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  const menu = screen.getByRole("menu", { hidden: true });
  menu.hidePopover = () => {};
  const copy = () => {
    fireEvent(menu, Object.assign(new Event("beforetoggle"), { newState: "open" }));
    fireEvent.click(within(menu).getByText("Copy"));
  };
  copy();
  expect(await screen.findByText("Message copied")).toBeTruthy();
  expect(write).toHaveBeenCalledWith("What is a loquat?");
  write.mockRejectedValue(new Error("not allowed"));
  document.execCommand = () => false;
  press("Copy message");
  expect(await screen.findByText("The browser did not let it be copied.")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Copied" })).toBeNull();
});

const attachment = { id: "tower", name: "tower.png", width: 4, height: 3 } as Attachment;

test("a question of images alone has no empty words, and none to copy", () => {
  const { container } = show(newBranching(), {
    ...message,
    content: "",
    attachments: [attachment],
  });
  expect(screen.getByRole("img", { name: "tower.png" })).toBeTruthy();
  expect(container.querySelector("article > [dir=auto]")).toBeNull();
  expect(screen.queryByRole("button", { name: "Copy message" })).toBeNull();
});

test("a question loses its words and keeps its images", async () => {
  const asked = { ...message, attachments: [attachment] };
  const { branching } = show(newBranching(), asked);
  press("Edit");
  fireEvent.change(box(), { target: { value: " " } });
  press("Save and send");
  const written = { text: "", images: [attachment] };
  expect(branching.edit).toHaveBeenCalledWith(asked, written, expect.any(HTMLElement));
});

test("giving up takes away what was uploaded for it, and not what the question has", async () => {
  const deleted = vi.spyOn(api, "deleteImage").mockResolvedValue();
  show(newBranching({ editKey: (id) => `draft.u.p2.edit.${id}` }), {
    ...message,
    attachments: [attachment],
  });
  press("Edit");
  const fresh = { ...attachment, id: "fresh" };
  act(() =>
    changeTray("draft.u.p2.edit.q2", (all) => [
      ...all,
      { key: "fresh", name: fresh.name, attachment: fresh },
    ]),
  );
  press("Cancel");
  await waitFor(() => expect(deleted).toHaveBeenCalledWith("fresh"));
  expect(deleted).toHaveBeenCalledOnce();
});

test("words that were not sent are there again after a reload", async () => {
  const { unmount } = show();
  press("Edit");
  fireEvent.change(box(), { target: { value: "half a thou" } });
  unmount();
  show();
  expect(box().value).toBe("half a thou");
});

test("a refusal says why and loses nothing", async () => {
  const refused = new ProblemError({
    title: "",
    status: 429,
    code: "too_many_turns",
    detail: "",
    request_id: "",
    retry_after: 7,
  });
  const edit = vi.fn().mockRejectedValueOnce(refused).mockRejectedValueOnce(new ConnectionError());
  show(newBranching({ edit }));
  press("Edit");
  fireEvent.change(box(), { target: { value: "other words" } });
  press("Save and send");
  await screen.findByText("Try again in 7 seconds.");
  expect(box().value).toBe("other words");
  press("Try again");
  await screen.findByText("The server cannot be reached.");
  expect(edit).toHaveBeenCalledTimes(2);
});

test("while an answer is being written one can edit, but not send, and is told why", async () => {
  const { branching } = show(newBranching({ hindrance: "An answer is being written." }));
  press("Edit");
  press("Save and send");
  await userEvent.type(box(), "!{enter}");
  expect(branching.edit).not.toHaveBeenCalled();
  expect(screen.getByText("An answer is being written.")).toBeTruthy();
});

test("versions are switched from beside the one that is shown, also by the keyboard", async () => {
  const { branching, become } = show();
  expect(screen.getByText("Version 2 of 3")).toBeTruthy();
  const next = screen.getByRole("button", { name: "Next version" });
  act(() => next.focus());
  await userEvent.keyboard("{Enter}");
  expect(branching.show).toHaveBeenCalledWith(message, "q3", expect.any(HTMLElement));
  become({ ...message, id: "q3", content: "And a quince?" });
  expect(document.activeElement).toBe(next);
  expect(next.getAttribute("aria-disabled")).toBe("true");
  await userEvent.keyboard("{Enter}");
  expect(branching.show).toHaveBeenCalledTimes(1);
});

test("editing one version is over when another is shown", async () => {
  const { become } = show();
  press("Edit");
  become({ ...message, id: "q1", content: "Older words" });
  await waitFor(() => expect(screen.queryByRole("textbox")).toBeNull());
  expect(screen.getByText("Older words")).toBeTruthy();
});
