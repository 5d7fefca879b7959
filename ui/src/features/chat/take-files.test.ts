import { beforeEach, expect, test, vi } from "vitest";
import * as api from "../../api/attachments";
import { owner } from "../../api/owner";
import { ProblemError } from "../../api/problem";
import * as toasts from "../../components/toast";
import { randomId } from "../../lib/ids";
import { readDraft } from "./draft";
import { imageSource, keepAtHand } from "./image-source";
import * as scaling from "./scale-image";
import { takeFiles } from "./take-files";
import { forgetTray, trayOf } from "./tray";
import { remove, upload } from "./upload";

const png = (name = "tower.png") => new File(["x"], name, { type: "image/png" });
const attachment = (id: string) => ({ id, name: `${id}.png` }) as never;
const append = vi.fn();
let tray = "";
let told: string[] = [];
let revoked: string[] = [];

beforeEach(() => {
  tray = randomId();
  told = [];
  revoked = [];
  append.mockReset();
  vi.spyOn(scaling, "prepareImage").mockImplementation(async (file) => file);
  vi.spyOn(api, "uploadImage").mockImplementation(async (name) => attachment(name));
  vi.spyOn(api, "deleteImage").mockResolvedValue();
  vi.spyOn(toasts, "showToast").mockImplementation((text) => {
    told.push(text);
    return { close: () => {} };
  });
  URL.createObjectURL = () => "blob:";
  URL.revokeObjectURL = (address) => void revoked.push(address);
});

const take = (files: File[], imageless: string | null = null) =>
  takeFiles(files, { trayKey: tray, imageless, append });
const pictures = () => trayOf(tray).get();
const uploaded = (count: number) =>
  vi.waitFor(() => expect(pictures().filter((one) => one.attachment)).toHaveLength(count));

test("an image is uploaded and kept with the draft", async () => {
  await take([png()]);
  await uploaded(1);
  expect(readDraft(tray).images).toEqual([attachment("tower.png")]);
});

test("at most eight go with a question", async () => {
  await take(Array.from({ length: 9 }, (_, at) => png(`${at}.png`)));
  await uploaded(8);
  expect(told).toEqual(["At most 8 images go with a question."]);
});

test("where the model takes none it is said, and a text goes into the question all the same", async () => {
  await take([png(), new File(["a,b"], "table.csv")], "house-builder");
  expect(told).toEqual(["house-builder takes no images. Choose another model."]);
  expect(pictures()).toEqual([]);
  expect(append).toHaveBeenCalledWith("table.csv:\n\n```csv\na,b\n```");
});

test("something else is told what can be attached", async () => {
  await take([new File([new Uint8Array([0, 1])], "a.zip")]);
  expect(told[0]).toMatch(/^a.zip cannot be attached. Images .* and text files/);
  expect(append).not.toHaveBeenCalled();
});

test("an image that cannot be decoded leaves, and it is said why", async () => {
  vi.spyOn(scaling, "prepareImage").mockRejectedValue(new Error("decode"));
  await take([png()]);
  await vi.waitFor(() => expect(told[0]).toMatch(/^tower.png cannot be read as an image/));
  expect(pictures()).toEqual([]);
});

test("one that could not be uploaded stays, and goes when it is tried again", async () => {
  const problem = { status: 409, code: "storage_full", title: "", detail: "", request_id: "" };
  vi.spyOn(api, "uploadImage").mockRejectedValueOnce(new ProblemError(problem));
  await take([png()]);
  await vi.waitFor(() => expect(pictures()[0]?.error).toBeTruthy());
  expect(readDraft(tray).images).toBeNull();
  await upload(pictures()[0] as never);
  await uploaded(1);
  expect(pictures()[0]?.error).toBeNull();
});

test("one that is removed is deleted, but not one that its message keeps", async () => {
  await take([png("a.png"), png("b.png")]);
  await uploaded(2);
  const [first, second] = pictures();
  remove(first as never);
  remove({ ...(second as never as object), sent: true } as never);
  expect(pictures()).toEqual([]);
  expect(api.deleteImage).toHaveBeenCalledTimes(1);
  expect(api.deleteImage).toHaveBeenCalledWith("a.png");
});

test("one that arrives after it was removed is deleted as well", async () => {
  let arrive = (_: never) => {};
  vi.spyOn(api, "uploadImage").mockReturnValue(
    new Promise<never>((resolve) => {
      arrive = resolve;
    }),
  );
  await take([png()]);
  await vi.waitFor(() => expect(pictures()[0]?.abort).toBeTruthy());
  remove(pictures()[0] as never);
  arrive(attachment("late"));
  await vi.waitFor(() => expect(api.deleteImage).toHaveBeenCalledWith("late"));
});

test("what somebody who signs out was uploading stops, and nothing of it is kept", async () => {
  owner.set("ada");
  tray = "draft.ada.new";
  const signals: AbortSignal[] = [];
  vi.spyOn(api, "uploadImage").mockImplementation((_, __, signal) => {
    signals.push(signal);
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  });
  keepAtHand("sent", "blob:sent");
  await take(["a.png", "b.png", "c.png", "d.png"].map(png));
  await vi.waitFor(() => expect(signals.length).toBeGreaterThan(1));
  const begun = signals.length;
  localStorage.clear();
  owner.set("bob");
  await new Promise((resolve) => setTimeout(resolve));
  expect(signals.every(({ aborted }) => aborted)).toBe(true);
  expect(signals).toHaveLength(begun);
  expect(localStorage.length).toBe(0);
  expect(pictures()).toEqual([]);
  expect(revoked).toContain("blob:");
  expect(revoked).toContain("blob:sent");
  expect(imageSource({ id: "sent" } as never)).toBe("/api/attachments/sent");
});

test("what was being prepared for somebody who signed out is not uploaded", async () => {
  owner.set("ada");
  tray = "draft.ada.new";
  let prepare = (_: Blob) => {};
  vi.spyOn(scaling, "prepareImage").mockReturnValue(
    new Promise((resolve) => {
      prepare = resolve;
    }),
  );
  const uploads = vi.spyOn(api, "uploadImage").mockClear();
  await take([png()]);
  owner.set("bob");
  prepare(png());
  await vi.waitFor(() => expect(revoked).toEqual(["blob:"]));
  expect(uploads).not.toHaveBeenCalled();
});

test("what a tray showed is let go with it", async () => {
  vi.spyOn(api, "uploadImage").mockRejectedValue(new Error("no"));
  await take([png()]);
  await vi.waitFor(() => expect(pictures()[0]?.error).toBeTruthy());
  forgetTray(tray);
  expect(revoked).toEqual(["blob:"]);
});

test("a server that is busy is asked again after its time, with one image at once from then on", async () => {
  vi.useFakeTimers();
  const busy = { status: 503, code: "busy", title: "", detail: "", request_id: "", retry_after: 3 };
  let now = 0;
  let most = 0;
  let refused = false;
  const uploads = vi
    .spyOn(api, "uploadImage")
    .mockClear()
    .mockImplementation(async (name) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 100));
      now--;
      if (!refused) {
        refused = true;
        throw new ProblemError(busy);
      }
      return attachment(name);
    });
  await take(["a.png", "b.png", "c.png", "d.png"].map(png));
  await vi.advanceTimersByTimeAsync(250);
  expect(uploads.mock.calls.map(([name]) => name)).toEqual(["a.png", "b.png"]);
  expect(most).toBe(2);
  most = 0;
  await vi.advanceTimersByTimeAsync(5000);
  vi.useRealTimers();
  await uploaded(4);
  expect(most).toBe(1);
  expect(uploads).toHaveBeenCalledTimes(5);
});

test("an image that was packed as another type is called so", async () => {
  const packed = new Blob(["x"], { type: "image/jpeg" });
  const prepared = vi.spyOn(scaling, "prepareImage").mockResolvedValue(packed);
  await take([new File(["x"], "IMG_1.heic", { type: "image/heic" })]);
  await uploaded(1);
  expect(pictures()[0]?.name).toBe("IMG_1.jpg");
  expect(prepared).toHaveBeenCalledWith(expect.any(File), 1.5 * 1024 * 1024);
});

test("one that is removed while it is prepared is let go", async () => {
  let prepare = (_: Blob) => {};
  vi.spyOn(scaling, "prepareImage").mockReturnValue(
    new Promise((resolve) => {
      prepare = resolve;
    }),
  );
  await take([png()]);
  remove(pictures()[0] as never);
  prepare(png());
  await vi.waitFor(() => expect(revoked).toEqual(["blob:"]));
});
