/** Runs in the page, so it is whole by itself. */

/** What is wrong with the page as it stands. Nothing on it comes from markdown but what is named here. */
export function inspect(canary) {
  const wrong = [];
  if ("ran" in globalThis) wrong.push("a script ran");
  const elements = document.querySelectorAll("body *");
  for (const element of elements) {
    for (const { name, value } of element.attributes) {
      if (/^on/i.test(name)) wrong.push(`${name} on ${element.localName}`);
      if (["href", "src", "action", "formaction", "xlink:href"].includes(name)) {
        const { protocol, origin } = new URL(value, location.href);
        // A drawn diagram, in which as in every image no script runs.
        if (element.matches("figure img[src]") && protocol === "blob:") continue;
        if (!/^(https?|mailto):$/.test(protocol)) wrong.push(`${name}=${value}`);
        if (name !== "href" && origin !== location.origin) wrong.push(`${name}=${value}`);
      }
      if (name === "style" && value.includes(canary)) wrong.push(`style=${value}`);
    }
  }
  const forbidden =
    "iframe, object, embed, base, meta, link, style, script, form, dialog, template, portal, video, audio, img:not(figure > div > img[src^='blob:']), [id=ran], [name=ran]";
  for (const element of document.querySelectorAll("article :is(*)")) {
    if (element.matches(forbidden)) wrong.push(`an element ${element.localName}`);
  }
  if (document.querySelectorAll("#composer").length > 1) wrong.push("a second message box");
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) {
    wrong.push("the page is wider than the screen");
  }
  return wrong;
}
