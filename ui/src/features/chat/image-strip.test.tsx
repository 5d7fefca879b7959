import { act, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import * as api from "../../api/attachments";
import { ConnectionError } from "../../api/problem";
import { randomId } from "../../lib/ids";
import { I18n } from "../../test/i18n";
import { Composer, submitComposer } from "./composer";
import { changePicture, changeTray, type Picture, useTray } from "./tray";

const attachment = { id: "a", name: "tower.png" } as never;
const sent = vi.fn();
const files = vi.fn();
let tray = "";

beforeEach(() => {
  tray = randomId();
  sent.mockReset();
  files.mockReset();
  vi.spyOn(api, "deleteImage").mockResolvedValue();
});

function Box({ imageless = null, text = "What is this?" }) {
  const pictures = useTray(tray);
  return (
    <Composer
      text={text}
      onText={() => {}}
      onSend={sent}
      onStop={() => {}}
      running={false}
      stopping={false}
      sending={false}
      modelPicker={null}
      pictures={pictures}
      images={{ offered: imageless === null, imageless }}
      onFiles={files}
    />
  );
}

const picture = (name: string, more: Partial<Picture> = {}): Picture => ({
  key: tray + name,
  name: `${name}.png`,
  attachment: null,
  ...more,
});
function boot(data: object) {
  document.getElementById("boot")?.remove();
  const island = document.body.appendChild(document.createElement("script"));
  Object.assign(island, {
    id: "boot",
    type: "application/json",
    textContent: JSON.stringify(data),
  });
}
const put = (...pictures: Picture[]) => act(() => changeTray(tray, () => pictures));
const show = async (props = {}) => {
  render(<Box {...props} />, { wrapper: I18n });
  await screen.findByRole("list", { name: "Attached images" });
};
const box = () => screen.getByRole<HTMLTextAreaElement>("textbox");
const send = () => screen.getByRole<HTMLButtonElement>("button", { name: "Send" });

test("a message goes out by itself when its images are there", async () => {
  put(picture("tower"));
  await show();
  fireEvent.click(send());
  expect(sent).not.toHaveBeenCalled();
  expect(send().title).toBe("It is sent when its images are uploaded.");
  act(() => void changePicture(`${tray}tower`, { attachment }));
  expect(sent).toHaveBeenCalledOnce();
  expect(screen.getByText("Image tower.png attached")).toBeTruthy();
});

test("what is written meanwhile is waited for", async () => {
  put(picture("tower"));
  await show();
  fireEvent.keyDown(box(), { key: "Enter" });
  fireEvent.change(box(), { target: { value: "What is that?" } });
  act(() => void changePicture(`${tray}tower`, { attachment }));
  expect(sent).not.toHaveBeenCalled();
});

test("a message that waits for its images does not go without one of them", async () => {
  put(picture("tower"), picture("bridge"));
  await show();
  fireEvent.keyDown(box(), { key: "Enter" });
  fireEvent.click(screen.getByRole("button", { name: "Remove tower.png" }));
  expect(send().title).toBe("Send");
  act(() => void changePicture(`${tray}bridge`, { attachment }));
  expect(sent).not.toHaveBeenCalled();
});

test("nor without one that turned out to be broken, or failed", async () => {
  put(picture("tower"), picture("bridge"));
  await show();
  fireEvent.click(send());
  act(() => void changePicture(`${tray}bridge`, { attachment }));
  act(() => void changePicture(`${tray}tower`, null));
  expect(sent).not.toHaveBeenCalled();
  put(picture("tower"));
  fireEvent.click(send());
  act(() => void changePicture(`${tray}tower`, { error: new ConnectionError() }));
  act(() => void changePicture(`${tray}tower`, { attachment, error: null }));
  expect(sent).not.toHaveBeenCalled();
});

test("trying again waits for images, and for a model that takes them, like sending", async () => {
  put(picture("tower"));
  await show();
  act(submitComposer);
  expect(sent).not.toHaveBeenCalled();
  act(() => void changePicture(`${tray}tower`, { error: new ConnectionError() }));
  act(submitComposer);
  expect(sent).not.toHaveBeenCalled();
  act(() => void changePicture(`${tray}tower`, { attachment, error: null }));
  act(submitComposer);
  expect(sent).toHaveBeenCalledOnce();
});

test("an image is a question by itself, and waited for as well", async () => {
  put(picture("tower"));
  await show({ text: " " });
  expect(box().placeholder).toBe("Ask about the image");
  fireEvent.keyDown(box(), { key: "Enter" });
  expect(sent).not.toHaveBeenCalled();
  act(() => void changePicture(`${tray}tower`, { attachment }));
  expect(sent).toHaveBeenCalledOnce();
});

test("more of them than the server takes hold the message back, and it says so", async () => {
  boot({ max_attachments_per_message: 1 });
  put(picture("tower", { attachment }), picture("bridge", { attachment }));
  await show();
  expect(screen.getByText(/^At most 1 image goes with a question/)).toBeTruthy();
  expect(send().disabled).toBe(true);
  fireEvent.click(screen.getByRole("button", { name: "Remove tower.png" }));
  expect(send().disabled).toBe(false);
  boot({});
});

test("one that failed says why, can be tried again, and holds the message back", async () => {
  put(picture("tower", { error: new ConnectionError() }));
  await show();
  expect(screen.getByText("The server cannot be reached.")).toBeTruthy();
  expect(screen.getByRole("button", { name: "Try again" })).toBeTruthy();
  expect(send().disabled).toBe(true);
  fireEvent.click(screen.getByRole("button", { name: "Remove tower.png" }));
  expect(send().disabled).toBe(false);
});

test("the focus goes from a removed image to the next one, and from the last to the box", async () => {
  put(picture("tower", { attachment }), picture("bridge", { attachment }));
  await show();
  fireEvent.click(screen.getByRole("button", { name: "Remove tower.png" }));
  expect(document.activeElement).toBe(screen.getByRole("button", { name: "Remove bridge.png" }));
  expect(screen.getByText("Image tower.png removed")).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: "Remove bridge.png" }));
  expect(document.activeElement).toBe(box());
  expect(screen.getByText("Image bridge.png removed")).toBeTruthy();
});

test("a model that takes none is named, and the message waits for another or for none", async () => {
  put(picture("tower", { attachment }));
  await show({ imageless: "house-builder" });
  expect(screen.getByText(/^house-builder takes no images/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Attach images" })).toBeNull();
  expect(send().disabled).toBe(true);
  fireEvent.click(screen.getByRole("button", { name: "Remove all" }));
  expect(send().disabled).toBe(false);
});

test("an image that the server has no more leaves with a word", async () => {
  vi.stubGlobal("fetch", async () => new Response(null, { status: 404 }));
  put(picture("tower", { attachment }));
  await show();
  fireEvent.error(screen.getByRole("img", { name: "tower.png" }));
  await waitFor(() => expect(screen.queryByRole("list")).toBeNull());
  expect(api.deleteImage).not.toHaveBeenCalled();
  vi.unstubAllGlobals();
});

test("a pasted picture is taken, and a pasted text is not", async () => {
  put(picture("tower", { attachment }));
  await show();
  const image = new File(["x"], "image.png", { type: "image/png" });
  fireEvent.paste(box(), { clipboardData: { files: [], getData: () => "hello" } });
  expect(files).not.toHaveBeenCalled();
  fireEvent.paste(box(), { clipboardData: { files: [image], getData: () => "" } });
  expect(files).toHaveBeenCalledWith([image]);
});
