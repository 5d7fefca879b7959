import { act, renderHook } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import type { Attachment } from "../../api/client";
import {
  draftKey,
  inBox,
  keepDraft,
  noDraft,
  readDraft,
  requestIdFor,
  sendDraft,
  settleDraft,
  type Written,
  writeDraft,
} from "./draft";
import { type DraftBox, useDraft } from "./draft-box";
import { changePicture, changeTray, forgetTray, imagesIn, moveTray, putBack, trayOf } from "./tray";
import { wayOf } from "./under-way";

const key = draftKey("user", "project");
const begun = draftKey("user", null);
const image = (id: string) => ({ id, name: `${id}.png` }) as Attachment;
const text = (words: string) => ({ text: words, images: [] });
const stored = (words: string) => ({ ...noDraft, text: words });
const add = (tray: string, id: string, attachment: Attachment | null = image(id)) =>
  changeTray(tray, (all) => [...all, { key: id, name: id, attachment }]);
/** What a page has that was opened just now. */
const reload = () => {
  for (const one of [key, begun]) {
    forgetTray(one);
    wayOf(one).set({ pending: null, error: null });
  }
};
const refuse = (sent: Written, box: DraftBox) =>
  act(() => {
    wayOf(key).set({ pending: null, error: null });
    putBack(key, sent.images);
    box.giveBack(sent);
  });

beforeEach(reload);

test("a draft survives a reload", () => {
  const { result } = renderHook(() => useDraft(key));
  act(() => result.current.write("half a thou"));
  act(() => add(key, "tower"));
  act(() => result.current.write("half a thought"));
  reload();
  const reloaded = renderHook(() => useDraft(key));
  expect(reloaded.result.current.text).toBe("half a thought");
  expect(imagesIn(key)).toEqual([image("tower")]);
});

test("a message sent again unchanged after a reload is the same request", () => {
  const first = sendDraft(key, text("hello"));
  expect(sendDraft(key, text("hello"))).toEqual(first);
  expect(sendDraft(key, text("hello there")).requestId).not.toBe(first.requestId);
});

test("with another image it is another request", () => {
  const some = { text: "hello", images: [image("tower")] };
  const first = sendDraft(key, some).requestId;
  expect(sendDraft(key, some).requestId).toBe(first);
  expect(sendDraft(key, { ...some, images: [image("bridge")] }).requestId).not.toBe(first);
});

test("an edited question sent again unchanged is the same request", () => {
  const some = { text: "hello", images: [image("tower")] };
  const first = requestIdFor(key, some);
  expect(requestIdFor(key, some)).toBe(first);
  expect(requestIdFor(key, text("hello"))).not.toBe(first);
});

test("editing a draft makes it a new request", () => {
  const first = sendDraft(key, text("hello")).requestId;
  const { result } = renderHook(() => useDraft(key));
  act(() => result.current.write("hello!"));
  act(() => result.current.write("hello"));
  expect(sendDraft(key, text("hello")).requestId).not.toBe(first);
});

test("the box empties when a message is sent, the stored draft only when it has arrived", () => {
  const { result } = renderHook(() => useDraft(key));
  act(() => result.current.write("hello"));
  act(() => add(key, "tower"));
  const written = { text: "hello", images: [image("tower")] };
  act(() => {
    expect(result.current.handOver()).toEqual(written);
  });
  const sent = sendDraft(key, written);
  expect(result.current.text).toBe("");
  expect(trayOf(key).get()).toEqual([]);
  expect(inBox(key)).toEqual(written);
  settleDraft(key, sent, key);
  expect(readDraft(key)).toEqual(noDraft);
});

test("what is typed does not touch what is on its way, and comes after it when the page is reloaded", () => {
  const { result } = renderHook(() => useDraft(key));
  const sent = sendDraft(key, { text: "a long question", images: [image("tower")] });
  wayOf(key).set({ pending: sent, error: null });
  act(() => result.current.write("and"));
  act(() => add(key, "bridge"));
  expect(readDraft(key)).toMatchObject({ sent, text: "and", images: [image("bridge")] });
  expect(renderHook(() => useDraft(key)).result.current.text).toBe("and");
  reload();
  expect(renderHook(() => useDraft(key)).result.current.text).toBe("a long question\n\nand");
  expect(imagesIn(key)).toEqual([image("tower"), image("bridge")]);
});

test("what was written while a message was on its way follows into its conversation", () => {
  const sent = sendDraft(begun, { text: "hello", images: [image("tower")] });
  wayOf(begun).set({ pending: sent, error: null });
  keepDraft(begun, { text: "the next thought", images: [image("bridge")] });
  keepDraft(key, stored("what was there"));
  settleDraft(begun, sent, key);
  expect(readDraft(begun)).toEqual(noDraft);
  const all = { text: "what was there\n\nthe next thought", images: [image("bridge")] };
  expect(inBox(key)).toEqual(all);
});

test("what another tab has taken up and goes on writing stays there", () => {
  const sent = sendDraft(key, text("hello"));
  writeDraft(key, stored("hello, and"));
  settleDraft(key, sent, key);
  expect(inBox(key).text).toBe("hello, and");
});

test("an image that is still being uploaded stays where it is when the message goes", () => {
  add(key, "tower");
  add(key, "late", null);
  const { result } = renderHook(() => useDraft(key));
  act(() => expect(result.current.handOver().images).toEqual([image("tower")]));
  expect(
    trayOf(key)
      .get()
      .map(({ name }) => name),
  ).toEqual(["late"]);
});

test("words of spaces alone are none", () => {
  const { result } = renderHook(() => useDraft(key));
  act(() => result.current.write(" \n"));
  act(() => expect(result.current.handOver().text).toBe(""));
});

test("so does an image that is still being uploaded", () => {
  add(begun, "late", null);
  moveTray(begun, key);
  expect(changePicture("late", { attachment: image("late") })).toBe(true);
  expect(imagesIn(key)).toEqual([image("late")]);
  expect(readDraft(key).images).toEqual([image("late")]);
  expect(changePicture("gone", {})).toBe(false);
});

test("a message that could not be sent comes back before what was written since", () => {
  const { result } = renderHook(() => useDraft(key));
  const sent = sendDraft(key, { text: "hello", images: [image("tower")] });
  wayOf(key).set({ pending: sent, error: null });
  act(() => result.current.write("and"));
  act(() => add(key, "bridge"));
  refuse(sent, result.current);
  expect(result.current.text).toBe("hello\n\nand");
  expect(inBox(key)).toEqual({
    text: "hello\n\nand",
    images: [image("tower"), image("bridge")],
  });
  act(() => result.current.write("hello\n\nand so on"));
  expect(inBox(key).text).toBe("hello\n\nand so on");
});

test("a message that comes back unchanged is still the same request", () => {
  const { result } = renderHook(() => useDraft(key));
  act(() => result.current.write("hello"));
  act(() => add(key, "tower"));
  const sent = sendDraft(key, result.current.handOver());
  refuse(sent, result.current);
  expect(sendDraft(key, result.current.handOver()).requestId).toBe(sent.requestId);
});

test("that a question being edited loses its image is a draft too", () => {
  trayOf(key, [image("tower")]);
  changeTray(key, () => []);
  expect(readDraft(key).images).toEqual([]);
  forgetTray(key);
  trayOf(key, [image("tower")]);
  expect(imagesIn(key)).toEqual([]);
});

test("a draft that cannot be read is no draft", () => {
  localStorage.setItem(`loquat.${key}`, "{broken");
  expect(readDraft(key)).toEqual(noDraft);
});
