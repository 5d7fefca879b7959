/** Draws the PNG icons in public/ from public/icon.svg: `npm run icons`. */
import { readFile, writeFile } from "node:fs/promises";
import { openBrowser } from "../e2e/browser.mjs";

const folder = new URL("../public/", import.meta.url);
const svg = await readFile(new URL("icon.svg", folder), "utf8");
const image = `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;

/** `share` is how much of the square the drawing fills; masks may cut away a fifth at each side. */
const icons = [
  { name: "icon-192.png", size: 192, share: 1, ground: "transparent" },
  { name: "icon-512.png", size: 512, share: 1, ground: "transparent" },
  { name: "icon-maskable-512.png", size: 512, share: 0.62, ground: "#faf1e4" },
  { name: "apple-touch-icon.png", size: 180, share: 0.74, ground: "#faf1e4" },
];

const browser = await openBrowser();
for (const { name, size, share, ground } of icons) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const side = Math.round(size * share);
  await page.setContent(
    `<body style="margin:0;display:grid;place-items:center;height:100vh;background:${ground}">
       <img src="${image}" width="${side}" height="${side}">`,
  );
  const png = await page.screenshot({ omitBackground: ground === "transparent" });
  await writeFile(new URL(name, folder), png);
  await page.close();
}
await browser.close();
