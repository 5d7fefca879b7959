/**
 * Serves dist under the real content policy and plays the API from memory, also the parts that a
 * healthy server seldom shows: `node e2e/fake-server.mjs [PORT]`. The first word of a message
 * chooses what happens, as scripted-answers.mjs has it: fail, length, queue, slow, crowd and others.
 */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { branch, newestBelow, remove, told } from "./fake-branches.mjs";
import {
  account,
  changeProject,
  listProjects,
  models,
  newProject,
  newSessions,
  seedProjects,
  settings,
} from "./fake-manage.mjs";
import { answerTo, refusalOf } from "./scripted-answers.mjs";

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types loquat-worker";
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
  ".webmanifest": "application/manifest+json",
};
const dist = new URL("../dist/", import.meta.url);
const end = "9007199254740991";
const now = () => new Date().toISOString();

const users = new Map();
const sessions = new Map();
const projects = new Map();

function problem(status, code, detail, more = {}) {
  return { status, body: { title: code, status, code, detail, request_id: randomUUID(), ...more } };
}

function newMessage(project, role, content, status, model = null, parent_id = project.leaf) {
  const created = now();
  const message = {
    id: randomUUID(),
    project_id: project.id,
    parent_id,
    role,
    content,
    reasoning: null,
    status,
    model,
    finish_reason: null,
    usage: null,
    failure: null,
    created_at: created,
    updated_at: created,
  };
  project.messages.push(message);
  project.leaf = message.id;
  return message;
}

/** Writes the answer into its log, a word at a time, waking whoever follows. */
async function write(project, message, question) {
  const { steps, first = steps.length, pace, outcome, usage } = answerTo(question);
  const { live, written = 0 } = message;
  // What was cut short goes on to the end the second time.
  const until = written > 0 || live.again ? steps.length : first;
  const success = live.again ? { status: "complete", finish_reason: "stop" } : outcome;
  let position = 0;
  const say = (event, data, id) => {
    live.log.push({ event, data, id });
    live.wake();
  };
  say("start", { message_id: message.id, user_message_id: message.parent_id }, 0);
  for (const [kind, text] of [
    ["reasoning", message.reasoning],
    ["delta", message.content],
  ]) {
    if (!text) continue;
    position += Buffer.byteLength(text);
    say(kind, { delta: text }, position);
  }
  // A model needs a moment before its first word.
  if (live.again) await wait(700);
  let at = written;
  for (; at < until; at++) {
    const { kind, text, place } = steps[at];
    if (pace > 0 || position % 4 === 0) await wait(pace);
    if (live.stopped || !projects.has(project.id)) break;
    if (kind === "queued") {
      say("queued", { position: place });
      await wait(700);
      continue;
    }
    position += Buffer.byteLength(text);
    if (kind === "reasoning") message.reasoning = (message.reasoning ?? "") + text;
    else message.content += text;
    say(kind, { delta: text }, position);
  }
  message.written = at;
  message.updated_at = now();
  project.live_message_id = null;
  if (success.failure && !live.stopped) {
    const { code, detail, retry_after } = success.failure;
    message.status = "failed";
    message.failure = { code, detail, retry_at: null };
    if (retry_after)
      message.failure.retry_at = new Date(Date.now() + retry_after * 1000).toISOString();
    say("failed", problem(502, code, detail, { retry_after }).body, end);
    return;
  }
  message.status = live.stopped ? "stopped" : success.status;
  message.finish_reason = live.stopped ? null : (success.finish_reason ?? "stop");
  message.usage = {
    prompt_tokens: 21,
    completion_tokens: at,
    reasoning_tokens: null,
    estimated: message.status !== "complete",
    cached: false,
    ...usage,
  };
  const thought = message.reasoning ? 1200 : null;
  message.timing = { first_token_ms: 240, reasoning_ms: thought, duration_ms: 4200 };
  const { content, id: message_id, status, finish_reason, timing } = message;
  say("end", { content, message_id, status, finish_reason, usage: message.usage, timing }, end);
}

/** The session of whoever follows ends, as it does after 14 days. */
function signOut(request, response) {
  sessions.delete(cookiesOf(request).access_token);
  response.destroy();
}

function begin(project, message, question, again) {
  let wake = () => {};
  const live = { log: [], stopped: false, again, wake: () => wake(), next: null };
  live.next = () =>
    new Promise((resolve) => {
      const before = wake;
      wake = () => {
        before();
        resolve();
        wake = () => {};
      };
    });
  Object.defineProperty(message, "live", { value: live, configurable: true });
  const expires = question.startsWith("expire");
  Object.defineProperty(message, "expires", { value: expires, configurable: true });
  project.live_message_id = message.id;
  project.updated_at = now();
  void write(project, message, question);
}

const running = (project) =>
  problem(409, "answer_running", "an answer is still being written in this conversation", {
    message_id: project.live_message_id,
  });

/** A new question below `parent_id`, or with `asked` another answer to that question. */
function startTurn(project, { content, client_request_id, model }, parent_id, asked = null) {
  const again = project.turns.get(client_request_id);
  if (again) return { status: 202, body: again };
  if (project.live_message_id) return running(project);
  const refused = asked ? null : refusalOf(content);
  if (refused) return problem(429, refused[0], refused[1], { retry_after: refused[2] });
  const question = asked ?? newMessage(project, "user", content, "complete", null, parent_id);
  const answer = newMessage(project, "assistant", "", "running", model ?? "demo", question.id);
  project.model = model ?? "demo";
  if (project.name_source === "default") {
    project.name = content.split(/\s+/).slice(0, 6).join(" ").slice(0, 60);
    project.name_source = "first_words";
  }
  return beginTurn(project, question, answer, client_request_id, false);
}

function beginTurn(project, question, answer, client_request_id, again) {
  const turn = {
    user_message: told(project, question),
    assistant_message: told(project, answer),
  };
  project.turns.set(client_request_id, turn);
  begin(project, answer, question.content, again);
  return { status: 202, body: turn };
}

function continueTurn(project, message, { client_request_id, model }) {
  const known = project.turns.get(client_request_id);
  if (known) return { status: 202, body: known };
  if (project.live_message_id) return running(project);
  if (message.id !== project.leaf)
    return problem(409, "not_continuable", "the conversation has gone on after this answer");
  const question = project.messages.find(({ id }) => id === message.parent_id);
  const cleared = { status: "running", finish_reason: null, usage: null, failure: null };
  Object.assign(message, cleared, model ? { model } : {});
  return beginTurn(project, question, message, client_request_id, true);
}

async function stream(message, request, response) {
  const seen = Number.parseInt(request.headers["last-event-id"] ?? "-1", 10);
  const { live } = message;
  if (!live || String(seen) === end) return response.writeHead(204).end();
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  let open = true;
  request.on("close", () => {
    open = false;
    live.wake();
  });
  if (message.expires) setTimeout(() => signOut(request, response), 1500);
  for (let at = 0; open; at++) {
    while (at >= live.log.length && open) await live.next();
    const entry = live.log[at];
    if (!open || !entry) break;
    const { event, data, id } = entry;
    if (id !== undefined && Number(id) <= seen && event !== "start") continue;
    response.write(
      `${event === "delta" ? "" : `event: ${event}\n`}${id === undefined ? "" : `id: ${id}\n`}${event === "start" ? "retry: 3000\n" : ""}data: ${JSON.stringify(data)}\n\n`,
    );
    if (event === "end" || event === "failed") break;
  }
  response.end();
}

const shown = ({ messages: _messages, turns: _turns, owner: _owner, leaf, ...project }) => ({
  ...project,
  active_message_id: leaf,
});

function route(method, path, query, body, user, agent) {
  const [, head, id, what, messageId, verb] = path.split("/");
  if (head === "settings") return { status: 200, body: settings };
  if (head === "users" && method === "POST") {
    if (users.has(body.email))
      return problem(409, "email_taken", "this email is taken", { field: "email" });
    if (!/.@./.test(body.email))
      return problem(422, "invalid", "this is not an email address", { field: "email" });
    if (body.password.length < 8)
      return problem(422, "invalid", "a password needs at least 8 characters", {
        field: "password",
      });
    const created_at = now();
    const { email, name = null, password } = body;
    const user = {
      id: randomUUID(),
      email,
      name,
      role: "member",
      created_at,
      updated_at: created_at,
    };
    users.set(email, { password, user, sessions: newSessions(agent) });
    for (const project of seedProjects(user.id)) projects.set(project.id, project);
    return { status: 201, body: users.get(email).user };
  }
  if (head === "login") {
    const known = users.get(body.email);
    if (known?.password !== body.password)
      return problem(401, "wrong_credentials", "the email or the password is wrong");
    const token = randomUUID();
    sessions.set(token, known.user);
    const cookie = `access_token=${token}; Path=/; HttpOnly; SameSite=Strict`;
    return { status: 200, body: known.user, headers: { "set-cookie": cookie } };
  }
  if (!user) return problem(401, "not_signed_in", "sign in first");
  if (head === "check_session") return { status: 200, body: user };
  if (["users", "sessions", "keys"].includes(head)) {
    const known = users.get(user.email);
    const done = account(method, [head, id, what], body, known);
    if (known.gone) users.delete(user.email);
    return done;
  }
  if (head === "logout") {
    const headers = { "set-cookie": "access_token=; Path=/; Max-Age=0" };
    return { status: 204, headers };
  }
  if (head === "models")
    return {
      status: 200,
      body: user.name === "Nomodel" ? { items: [], next_cursor: null } : models(),
    };
  if (head !== "projects") return problem(404, "not_found", "no such route");
  const mine = [...projects.values()].filter(({ owner }) => owner === user.id);
  if (!id) {
    if (method === "GET") return listProjects(mine, query, shown);
    const { name, ...settings } = body;
    const project = Object.assign(newProject(user.id, name), settings);
    projects.set(project.id, project);
    return { status: 201, body: shown(project) };
  }
  const project = mine.find((candidate) => candidate.id === id);
  if (!project) return problem(404, "not_found", "there is no such conversation");
  if (what === "generate_name") {
    if (project.name_source !== "user")
      Object.assign(project, { name_source: "model", name: `About: ${project.name}` });
    return { status: 200, body: shown(project) };
  }
  if (!what) {
    const refused = method === "PATCH" ? changeProject(project, body) : null;
    if (refused) return refused;
    if (method === "PATCH" && body.active_message_id)
      project.leaf = newestBelow(project, body.active_message_id);
    if (method === "DELETE") {
      projects.delete(id);
      return { status: 204 };
    }
    return { status: 200, body: shown(project) };
  }
  if (!messageId) {
    if (method === "POST") return startTurn(project, body);
    const messages = branch(project);
    const until = Number(query.get("cursor") ?? messages.length);
    const from = Math.max(0, until - Number(query.get("limit") ?? 40));
    const next_cursor = from > 0 ? String(from) : null;
    const items = messages.slice(from, until).map((message) => told(project, message));
    return { status: 200, body: { items, next_cursor } };
  }
  const message = project.messages.find((candidate) => candidate.id === messageId);
  if (!message) return problem(404, "not_found", "there is no such message");
  if (verb === "stream") return { stream: message };
  if (verb === "continue") return continueTurn(project, message, body);
  if (verb === "regenerate") {
    const question = project.messages.find(({ id }) => id === message.parent_id);
    return startTurn(project, { ...body, content: question.content }, null, question);
  }
  if (!verb && method === "PATCH") return startTurn(project, body, message.parent_id);
  if (!verb && method === "DELETE") {
    remove(project, message);
    return { status: 204 };
  }
  if (message.live) message.live.stopped = true;
  return { status: 200, body: told(project, message) };
}

async function page(path, user, theme) {
  const file = extname(path) ? path.slice(1) : "index.html";
  let bytes = await readFile(new URL(file, dist)).catch(() => null);
  if (bytes === null) return null;
  if (file === "index.html") {
    const boot = JSON.stringify({ user, ...settings, theme });
    bytes = bytes
      .toString()
      .replace('id="boot">{}', `id="boot">${boot.replaceAll("<", "\\u003c")}`)
      .replace('data-theme="system"', `data-theme="${theme}"`);
  }
  return { bytes, type: types[extname(file)] };
}

function cookiesOf(request) {
  return Object.fromEntries(
    (request.headers.cookie ?? "").split("; ").map((pair) => pair.split("=")),
  );
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://localhost");
  const cookies = cookiesOf(request);
  const user = sessions.get(cookies.access_token) ?? null;
  if (!url.pathname.startsWith("/api/")) {
    const found = await page(url.pathname, user, cookies.theme ?? "system");
    if (!found) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": found.type, "content-security-policy": policy });
    return response.end(found.bytes);
  }
  let text = "";
  for await (const chunk of request) text += chunk;
  const path = url.pathname.slice(4).replace(/\/$/, "");
  const body = text ? JSON.parse(text) : {};
  const agent = request.headers["user-agent"] ?? null;
  const answer = route(request.method, path, url.searchParams, body, user, agent);
  if (answer.stream) return stream(answer.stream, request, response);
  const type =
    answer.status >= 400 ? "application/problem+json" : "application/json; charset=utf-8";
  response.writeHead(answer.status, { "content-type": type, ...answer.headers });
  response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
});
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
