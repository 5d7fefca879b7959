/** Images for tests, drawn as they are needed. */
import { crc32 as crcOf, deflateSync } from "node:zlib";

/** Node 20 has none. */
function crc32(bytes) {
  if (crcOf) return crcOf(bytes);
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ -1) >>> 0;
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** A PNG of `colour(x, y)`: red, green and blue, with x and y from 0 to 1. */
function png(width, height, colour) {
  const rows = Buffer.alloc(height * (width * 3 + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      rows.set(colour(x / width, y / height), y * (width * 3 + 1) + 1 + x * 3);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A suspension bridge in the evening. */
function bridge(x, y) {
  const deck = y > 0.7 && y < 0.725;
  const tower = y > 0.24 && y < 0.86 && [0.22, 0.78].some((at) => Math.abs(x - at) < 0.012);
  const sag = 0.28 + 0.39 * (1 - ((x - 0.5) / 0.28) ** 2);
  const side = 0.28 + (Math.abs(x - 0.5) - 0.28) * 1.9;
  const cable = Math.abs(x - 0.5) < 0.28 ? sag : side;
  const rope = Math.abs(y - cable) < 0.006;
  const hanger = y > cable && y < 0.7 && (x * 44) % 1 < 0.08;
  if (deck || tower || rope || hanger) return [64, 48, 44];
  if (y > 0.82) return [96 - 30 * y, 116 - 20 * y, 128 - 10 * y];
  const sun = Math.hypot(x - 0.62, (y - 0.52) * 0.66) < 0.07;
  return sun ? [255, 226, 170] : [250 - 30 * (1 - y), 200 - 50 * (0.9 - y), 140 + 60 * (1 - y)];
}

export const picture = (name, width = 480, height = 320) => ({
  name,
  mimeType: "image/png",
  buffer: png(width, height, bridge),
});

/** A GIF of one pixel, and of as many bytes. */
export const heavyGif = (name, bytes) => ({
  name,
  mimeType: "image/gif",
  buffer: Buffer.concat([
    Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64"),
    Buffer.alloc(bytes),
  ]),
});

export const textFile = (name, text, mimeType = "text/plain") => ({
  name,
  mimeType,
  buffer: Buffer.from(text),
});

/** What a browser hands over with a drop or a paste. */
function handOver(page, files) {
  const parts = files.map(({ name, mimeType, buffer }) => ({
    name,
    mimeType,
    bytes: buffer.toString("base64"),
  }));
  return page.evaluateHandle((given) => {
    const transfer = new DataTransfer();
    for (const { name, mimeType, bytes } of given) {
      const content = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([content], name, { type: mimeType }));
    }
    return transfer;
  }, parts);
}

export async function hover(page, locator, files, type = "dragover") {
  const dataTransfer = await handOver(page, files);
  await locator.dispatchEvent(type, { dataTransfer });
}

export async function drop(page, locator, files) {
  await hover(page, locator, files);
  await hover(page, locator, files, "drop");
}

export async function paste(page, locator, files) {
  const transfer = await handOver(page, files);
  await locator.evaluate(
    (element, clipboardData) =>
      element.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }),
      ),
    transfer,
  );
}
