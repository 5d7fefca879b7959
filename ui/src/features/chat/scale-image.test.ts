import { expect, test } from "vitest";
import { formatsFor, isMarked, nameAs, newSize } from "./scale-image";

const kb = 1024;
const heaviest = 1536 * kb;
test.each([
  ["image/png", 300 * kb, 800, 600, null],
  ["image/jpeg", 300 * kb, 4096, 3072, [2048, 1536]],
  ["image/jpeg", 300 * kb, 1000, 4000, [512, 2048]],
  ["image/jpeg", 4000 * kb, 2000, 1500, [2000, 1500]],
  ["image/png", 300 * kb, 9000, 2, [2048, 1]],
  // What moves goes on moving.
  ["image/gif", 4000 * kb, 4096, 3072, null],
  // What models do not know is packed anew, however small it is.
  ["image/avif", 30 * kb, 80, 60, [80, 60]],
])("%s of %i bytes, %i × %i pixels, is drawn anew as %j", (type, size, width, height, drawn) => {
  expect(newSize({ type, size, width, height, marked: false }, heaviest)).toEqual(drawn);
});

test("what a camera has written into is drawn anew, however small it is", () => {
  const small = { type: "image/jpeg", size: 30 * kb, width: 80, height: 60 };
  expect(newSize({ ...small, marked: true }, heaviest)).toEqual([80, 60]);
  expect(newSize({ ...small, marked: false }, heaviest)).toBeNull();
  expect(newSize({ ...small, marked: false }, 20 * kb)).toEqual([80, 60]);
});

test("what a camera has written into is known by its bytes", async () => {
  const file = (text: string) => new File([text], "a.jpg", { type: "image/jpeg" });
  expect(await isMarked(file("\xff\xd8\xff\xe1\0\x10Exif\0\0II*"))).toBe(true);
  expect(await isMarked(file("RIFF....WEBPVP8X....EXIF"))).toBe(true);
  expect(await isMarked(file("\xff\xd8\xff\xe0\0\x10JFIF\0 Exif is a word"))).toBe(false);
});

test.each([
  ["image/png", false, ["image/png", "image/jpeg"]],
  ["image/png", true, ["image/png", "image/webp"]],
  ["image/webp", true, ["image/webp"]],
  ["image/webp", false, ["image/webp", "image/jpeg"]],
  ["image/jpeg", false, ["image/jpeg"]],
  ["image/avif", true, ["image/webp"]],
])("%s is packed, with transparency %j, as one of %j", (type, transparent, formats) => {
  expect(formatsFor(type, transparent)).toEqual(formats);
});

test.each([
  ["image/jpeg", "image/heic", "IMG_1.heic", "IMG_1.jpg"],
  ["image/jpeg", "image/png", "a.b.png", "a.b.jpg"],
  ["image/webp", "image/avif", "sky", "sky.webp"],
  ["image/jpeg", "image/jpeg", "photo.JPEG", "photo.JPEG"],
  ["image/jpeg", "image/png", ".png", ".png.jpg"],
])("what is packed as %s and was %s, %j, is called %j", (type, before, name, then) => {
  expect(nameAs(type, before, name)).toBe(then);
});
