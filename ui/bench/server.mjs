/**
 * Serves a build of the page under the product's content policy and plays the API from memory, for
 * one person who is signed in. A question is "KIND LENGTH RATE AT_ONCE": an answer of texts.mjs with
 * as many characters, so many deltas a second, the first AT_ONCE of them in one piece.
 */
import { createHash, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { answer, conversation, cutUp } from "./texts.mjs";

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types loquat-worker";
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
  ".webmanifest": "application/manifest+json",
};
const end = "9007199254740991";
const at = "2026-01-01T12:00:00Z";
const times = { created_at: at, updated_at: at };
const user = {
  id: randomUUID(),
  email: "bench@example.org",
  name: "Bench",
  role: "member",
  ...times,
};
const model = { id: "demo", name: "Demo", provider: "Built in", is_default: true, built_in: true };

export async function startServer(dist, conversations = 0) {
  const projects = new Map();
  const answers = new Map();

  function addProject(name) {
    const id = randomUUID();
    const project = { id, name, name_source: "user", model: null, live_message_id: null, ...times };
    projects.set(id, { project, messages: [] });
    return project;
  }

  function addMessage(projectId, role, content, status) {
    const { messages } = projects.get(projectId);
    const message = {
      id: randomUUID(),
      project_id: projectId,
      parent_id: messages.at(-1)?.id ?? null,
      role,
      content,
      status,
      model: role === "assistant" ? model.id : null,
      ...times,
    };
    messages.push({ ...message, siblings: [message.id] });
    return messages.at(-1);
  }

  function startTurn(projectId, question) {
    const [kind, length, rate, atOnce] = question.split(" ");
    const user_message = addMessage(projectId, "user", question, "complete");
    const assistant_message = addMessage(projectId, "assistant", "", "running");
    const pieces = cutUp(answer(kind, Number(length)));
    const script = {
      message: assistant_message,
      pieces,
      rate: Number(rate),
      atOnce: Number(atOnce),
    };
    answers.set(assistant_message.id, script);
    return { user_message, assistant_message: { ...assistant_message } };
  }

  /** Everything that is due at each wake-up goes out in one write, as the product's server does it. */
  function stream({ message, pieces, rate, atOnce }, response) {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write(`event: start\nid: 0\ndata: {"message_id":"${message.id}"}\n\n`);
    const first = pieces.slice(0, atOnce).join("");
    let told = atOnce;
    let position = first.length;
    if (first) response.write(`id: ${position}\ndata: ${JSON.stringify({ delta: first })}\n\n`);
    // A long text that comes at once has to be shown before the measured part begins.
    const began = performance.now() + (first ? 3000 : 0);
    const timer = setInterval(() => {
      const due = Math.min(pieces.length, atOnce + ((performance.now() - began) / 1000) * rate);
      let out = "";
      for (; told < due; told++) {
        position += pieces[told].length;
        out += `id: ${position}\ndata: ${JSON.stringify({ delta: pieces[told] })}\n\n`;
      }
      if (told >= pieces.length) {
        clearInterval(timer);
        message.content = pieces.join("");
        message.status = "complete";
        const { id: message_id, content, status } = message;
        const told = { content, message_id, status, finish_reason: "stop", usage: null };
        response.end(`${out}event: end\nid: ${end}\ndata: ${JSON.stringify(told)}\n\n`);
      } else if (out) response.write(out);
    }, 2);
    response.on("close", () => clearInterval(timer));
  }

  function route(method, path, query, body) {
    const [, head, id, what, messageId] = path.split("/");
    if (head === "models") return { items: [model], next_cursor: null };
    if (head === "check_session") return user;
    if (head === "projects" && !id) {
      if (method === "POST") return addProject("A new one");
      const all = [...projects.values()].map(({ project }) => project).reverse();
      const from = Number(query.get("cursor") ?? 0);
      const until = from + Number(query.get("limit") ?? 50);
      const items = query.get("pinned") === "true" ? [] : all.slice(from, until);
      return { items, next_cursor: items.length && until < all.length ? String(until) : null };
    }
    const known = head === "projects" ? projects.get(id) : undefined;
    if (!known) return null;
    if (!what || what === "generate_name") return known.project;
    if (method === "POST") return startTurn(id, body.content);
    if (messageId) return known.messages.find((message) => message.id === messageId) ?? null;
    const until = Number(query.get("cursor") ?? known.messages.length);
    const from = Math.max(0, until - Number(query.get("limit") ?? 40));
    const items = known.messages.slice(from, until);
    return { items, next_cursor: from > 0 ? String(from) : null };
  }

  async function page(path) {
    const file = extname(path) ? path.slice(1) : "index.html";
    const bytes = await readFile(join(dist, file)).catch(() => null);
    if (bytes === null || file !== "index.html") return { bytes, type: types[extname(file)] };
    const boot = JSON.stringify({ user, signup: "open", version: "0.1.0", theme: "light" });
    const filled = bytes.toString().replace('id="boot">{}', `id="boot">${boot}`);
    return { bytes: filled, type: types[".html"] };
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://localhost");
    if (!url.pathname.startsWith("/api/")) {
      const { bytes, type } = await page(url.pathname);
      if (bytes === null) return response.writeHead(404).end();
      return response
        .writeHead(200, { "content-type": type, "content-security-policy": policy })
        .end(bytes);
    }
    const streamed = url.pathname.match(/\/messages\/([^/]+)\/stream$/);
    const script = streamed && answers.get(streamed[1]);
    if (script) return stream(script, response);
    let text = "";
    for await (const chunk of request) text += chunk;
    const path = url.pathname.slice(4).replace(/\/$/, "");
    const body = route(request.method, path, url.searchParams, text ? JSON.parse(text) : {});
    response.writeHead(body ? 200 : 404, { "content-type": "application/json; charset=utf-8" });
    response.end(JSON.stringify(body ?? { status: 404, code: "not_found" }));
  });
  // The news channel, over which nothing happens.
  server.on("upgrade", (request, socket) => {
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.on("error", () => {});
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
    );
    const hello = Buffer.from('{"type":"hello"}');
    socket.write(Buffer.concat([Buffer.from([0x81, hello.length]), hello]));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

  for (let count = 1; count <= conversations; count++) addProject(`Conversation ${count}`);
  const long = addProject("A thousand messages");
  for (const [index, content] of conversation(1000).entries()) {
    addMessage(long.id, index % 2 ? "assistant" : "user", content, "complete");
  }
  const short = addProject("A short one");
  addMessage(short.id, "user", "Hello", "complete");
  addMessage(short.id, "assistant", "Hello.", "complete");

  return {
    base: `http://127.0.0.1:${server.address().port}`,
    long: long.id,
    short: short.id,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
