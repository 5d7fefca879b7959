/** What the fake server knows of accounts, devices, models and the list of conversations. */
import { randomBytes, randomUUID } from "node:crypto";

const now = () => new Date().toISOString();
const ago = (hours) => new Date(Date.now() - hours * 3_600_000).toISOString();

/** SIGNUP=open|invite|closed, MODELS=how many, CONVERSATIONS=how many everybody finds at first. */
export const settings = { signup: process.env.SIGNUP ?? "open", version: "0.1.0" };
const modelCount = Number(process.env.MODELS ?? 3);
const seeds = Number(process.env.CONVERSATIONS ?? 0);

function problem(status, code, detail, more = {}) {
  return { status, body: { title: code, status, code, detail, request_id: randomUUID(), ...more } };
}
const invalid = (field, detail) => problem(422, "invalid", detail, { field });

const model = (id, name, provider, context_tokens = null) => ({
  id,
  name,
  provider,
  context_tokens,
  is_default: id === "demo",
  built_in: id === "demo",
});

export function models() {
  const few = [
    model("demo", "Demo", "Built in"),
    model("ollama/qwen3:4b", "qwen3:4b", "Ollama", 40_960),
    model("ollama/gemma3", "gemma3", "Ollama", 131_072),
  ].slice(0, modelCount);
  const makers = ["anthropic", "google", "meta", "mistral", "openai", "qwen"];
  const sizes = [8192, 32_768, 128_000, 200_000, 1_048_576];
  const many = Array.from({ length: Math.max(0, modelCount - few.length) }, (_, at) => {
    const name = `${makers[at % makers.length]}/model-${at + 1}`;
    return model(`router/${name}`, name, "Router", sizes[at % sizes.length]);
  });
  return { items: [...few, ...many], next_cursor: null };
}

/** A conversation as it is made. */
export function newProject(owner, name) {
  const made = now();
  return {
    id: randomUUID(),
    name: name ?? "New conversation",
    name_source: name ? "user" : "default",
    model: null,
    system_prompt: null,
    parameters: {},
    pinned: false,
    live_message_id: null,
    created_at: made,
    updated_at: made,
    owner,
    messages: [],
    leaf: null,
    turns: new Map(),
  };
}

const subjects = ["bridges", "gardens", "a packing list", "birds at night", "old maps", "bread"];

/** What somebody new finds, when so many were wished for. */
export function seedProjects(owner) {
  return Array.from({ length: seeds }, (_, at) => {
    const name = `Notes on ${subjects[at % subjects.length]}, part ${at + 1}`;
    const project = newProject(owner, name);
    project.updated_at = ago(at * 5);
    const content = `The loquat ripens in spring. This is note number ${at + 1} about ${subjects[at % subjects.length]}, and there is more to say.`;
    project.messages.push({
      id: randomUUID(),
      project_id: project.id,
      parent_id: null,
      siblings: [],
      role: "user",
      content,
      status: "complete",
      created_at: project.created_at,
      updated_at: project.created_at,
    });
    project.leaf = project.messages[0].id;
    return project;
  });
}

function matchIn(project, wanted) {
  if (project.name.toLowerCase().includes(wanted))
    return { message_id: null, excerpt: project.name };
  for (const { id, content } of project.messages) {
    const at = content.toLowerCase().indexOf(wanted);
    if (at < 0) continue;
    const from = Math.max(0, at - 40);
    const text = content.slice(from, at + wanted.length + 60).replaceAll("\n", " ");
    return { message_id: id, excerpt: `${from > 0 ? "…" : ""}${text}…` };
  }
  return null;
}

export function listProjects(mine, query, shown) {
  const wanted = query.get("query")?.toLowerCase();
  const pinned = query.get("pinned");
  const found = mine
    .filter((project) => pinned === null || String(project.pinned) === pinned)
    .map((project) => ({ project, match: wanted ? matchIn(project, wanted) : null }))
    .filter(({ match }) => !wanted || match)
    .sort((a, b) => (a.project.updated_at < b.project.updated_at ? 1 : -1));
  const from = Number(query.get("cursor") ?? 0);
  const limit = Number(query.get("limit") ?? 50);
  const next_cursor = from + limit < found.length ? String(from + limit) : null;
  const items = found
    .slice(from, from + limit)
    .map(({ project, match }) => ({ ...shown(project), match }));
  return { status: 200, body: { items, next_cursor } };
}

export function changeProject(project, change) {
  const { temperature } = change.parameters ?? {};
  if (temperature > 2) return invalid("parameters.temperature", "at most 2");
  if (change.parameters?.extra?.model)
    return invalid("parameters.extra", "model cannot be passed on: it has a field of its own");
  Object.assign(project, change);
  if (change.name) Object.assign(project, { name_source: "user", updated_at: now() });
  if (change.system_prompt === "") project.system_prompt = null;
  return null;
}

const devices = [
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Version/18.6 Safari/604.1", 3],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", 60],
  [null, 300],
];

/** Everybody is signed in here and in three other places. */
export function newSessions(user_agent) {
  const session = (user_agent, is_current, hours, at) => ({
    id: randomUUID(),
    is_current,
    user_agent,
    address: `192.0.2.${10 + at}`,
    created_at: ago(hours + 20),
    last_seen_at: ago(hours),
    expires_at: ago(-200),
  });
  const others = devices.map(([text, hours], at) => session(text, false, hours, at + 1));
  return [session(user_agent, true, 0, 0), ...others];
}

/** `known` is the account with its password and sessions. */
export function account(method, [head, id, what], body, known) {
  const { user } = known;
  if (head === "sessions") {
    if (method === "GET")
      return { status: 200, body: { items: known.sessions, next_cursor: null } };
    if (id && !known.sessions.some((session) => session.id === id))
      return problem(404, "not_found", "there is no such session");
    known.sessions = known.sessions.filter((session) =>
      id ? session.id !== id : session.is_current,
    );
    return { status: 204 };
  }
  if (head === "keys") {
    known.keys ??= [];
    if (method === "GET") return { status: 200, body: { items: known.keys, next_cursor: null } };
    if (method === "DELETE") {
      known.keys = known.keys.filter((key) => key.id !== id);
      return { status: 204 };
    }
    const secret = `lq_${randomBytes(32).toString("hex")}`;
    const { name, scope, expires_in_days: days } = body;
    const at = (days) => new Date(Date.now() + days * 86_400_000).toISOString();
    const key = {
      id: randomUUID(),
      name,
      scope,
      prefix: secret.slice(0, 11),
      created_at: at(0),
      expires_at: days ? at(days) : null,
      last_used_at: null,
    };
    known.keys.unshift(key);
    return { status: 201, body: { key, secret } };
  }
  if (what === "export") {
    const headers = { "content-disposition": 'attachment; filename="loquat.json"' };
    return { status: 200, body: { user }, headers };
  }
  if (method === "PATCH") {
    if (body.password !== undefined) {
      if (body.current_password !== known.password)
        return invalid("current_password", "this is not your current password");
      if (body.password.length < 8)
        return invalid("password", "a password needs at least 8 characters");
      known.password = body.password;
      known.sessions = known.sessions.filter((session) => session.is_current);
    }
    if (body.name !== undefined) user.name = body.name || null;
  }
  if (method === "DELETE") {
    known.gone = true;
    return { status: 204, headers: { "set-cookie": "access_token=; Path=/; Max-Age=0" } };
  }
  return { status: 200, body: user };
}
