/**
 * The server's API as types. `npm run schema` writes this file from ../docs/openapi.json; this
 * version was written by hand in the generator's form.
 */

export interface paths {
  "/api/users/": { post: operations["register"] };
  "/api/login/": { post: operations["login"] };
  "/api/logout/": { post: operations["logout"] };
  "/api/check_session/": { get: operations["check_session"] };
  "/api/users/me": {
    get: operations["get_me"];
    patch: operations["update_me"];
    delete: operations["delete_me"];
  };
  "/api/projects/": { get: operations["list_projects"]; post: operations["create_project"] };
  "/api/projects/{project_id}": {
    get: operations["get_project"];
    patch: operations["update_project"];
    delete: operations["delete_project"];
  };
  "/api/projects/{project_id}/messages": {
    get: operations["list_messages"];
    post: operations["start_turn"];
  };
  "/api/projects/{project_id}/messages/{message_id}/stop": { post: operations["stop_message"] };
  "/api/projects/{project_id}/generate_name": { post: operations["generate_name"] };
  "/api/models/": { get: operations["list_models"] };
  "/api/settings": { get: operations["get_settings"] };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    Problem: {
      title: string;
      /** Format: int32 */
      status: number;
      code: string;
      detail: string;
      field?: string;
      request_id: string;
      /** Format: uuid */
      message_id?: string;
      /** Format: int64 */
      retry_after?: number;
    };
    User: {
      /** Format: uuid */
      id: string;
      email: string;
      name: string | null;
      /** @enum {string} */
      role: "admin" | "member";
      /** Format: date-time */
      created_at: string;
      /** Format: date-time */
      updated_at: string;
    };
    NewUser: { email: string; password: string; name?: string };
    Credentials: { email: string; password: string };
    UserChanges: { name?: string; password?: string; current_password?: string };
    Project: {
      /** Format: uuid */
      id: string;
      name: string;
      /** @enum {string} */
      name_source: "default" | "first_words" | "model" | "user";
      model: string | null;
      /** Format: uuid */
      live_message_id: string | null;
      /** Format: date-time */
      created_at: string;
      /** Format: date-time */
      updated_at: string;
    };
    NewProject: { name?: string };
    ProjectChanges: { name: string };
    Usage: {
      /** Format: int64 */
      prompt_tokens: number | null;
      /** Format: int64 */
      completion_tokens: number | null;
      /** Format: int64 */
      reasoning_tokens: number | null;
    };
    MessageFailure: { code: string; detail: string };
    Message: {
      /** Format: uuid */
      id: string;
      /** Format: uuid */
      project_id: string;
      /** Format: uuid */
      parent_id: string | null;
      /** @enum {string} */
      role: "user" | "assistant";
      content: string;
      reasoning: string | null;
      /** @enum {string} */
      status: "running" | "complete" | "stopped" | "interrupted" | "failed";
      model: string | null;
      finish_reason: string | null;
      usage: components["schemas"]["Usage"] | null;
      failure: components["schemas"]["MessageFailure"] | null;
      /** Format: date-time */
      created_at: string;
      /** Format: date-time */
      updated_at: string;
    };
    NewTurn: {
      content: string;
      client_request_id?: string;
      parent_id?: string;
      model?: string;
    };
    Turn: {
      user_message: components["schemas"]["Message"];
      assistant_message: components["schemas"]["Message"];
    };
    Model: {
      id: string;
      name: string;
      provider: string;
      is_default: boolean;
      built_in: boolean;
    };
    ProjectPage: { items: components["schemas"]["Project"][]; next_cursor: string | null };
    MessagePage: { items: components["schemas"]["Message"][]; next_cursor: string | null };
    ModelPage: { items: components["schemas"]["Model"][]; next_cursor: string | null };
    Settings: {
      /** @enum {string} */
      signup: "open" | "invite" | "closed";
      version: string;
    };
  };
  responses: {
    Failure: {
      headers: { [name: string]: unknown };
      content: { "application/problem+json": components["schemas"]["Problem"] };
    };
  };
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;

type Json<T> = {
  headers: { [name: string]: unknown };
  content: { "application/json; charset=utf-8": T };
};
type Nothing = { headers: { [name: string]: unknown }; content?: never };
type Failure = components["responses"]["Failure"];
type Schemas = components["schemas"];
type Page = { query?: { cursor?: string; limit?: number } };
type ProjectPath = { path: { project_id: string } };
type MessagePath = { path: { project_id: string; message_id: string } };
type Body<T> = { content: { "application/json; charset=utf-8": T } };

export interface operations {
  register: {
    parameters: Record<string, never>;
    requestBody: Body<Schemas["NewUser"]>;
    responses: { 201: Json<Schemas["User"]>; default: Failure };
  };
  login: {
    parameters: Record<string, never>;
    requestBody: Body<Schemas["Credentials"]>;
    responses: { 200: Json<Schemas["User"]>; default: Failure };
  };
  logout: { parameters: Record<string, never>; responses: { 204: Nothing; default: Failure } };
  check_session: {
    parameters: Record<string, never>;
    responses: { 200: Json<Schemas["User"]>; default: Failure };
  };
  get_me: {
    parameters: Record<string, never>;
    responses: { 200: Json<Schemas["User"]>; default: Failure };
  };
  update_me: {
    parameters: Record<string, never>;
    requestBody: Body<Schemas["UserChanges"]>;
    responses: { 200: Json<Schemas["User"]>; default: Failure };
  };
  delete_me: { parameters: Record<string, never>; responses: { 204: Nothing; default: Failure } };
  list_projects: {
    parameters: Page;
    responses: { 200: Json<Schemas["ProjectPage"]>; default: Failure };
  };
  create_project: {
    parameters: Record<string, never>;
    requestBody: Body<Schemas["NewProject"]>;
    responses: { 201: Json<Schemas["Project"]>; default: Failure };
  };
  get_project: {
    parameters: ProjectPath;
    responses: { 200: Json<Schemas["Project"]>; default: Failure };
  };
  update_project: {
    parameters: ProjectPath;
    requestBody: Body<Schemas["ProjectChanges"]>;
    responses: { 200: Json<Schemas["Project"]>; default: Failure };
  };
  delete_project: { parameters: ProjectPath; responses: { 204: Nothing; default: Failure } };
  list_messages: {
    parameters: Page & ProjectPath;
    responses: { 200: Json<Schemas["MessagePage"]>; default: Failure };
  };
  start_turn: {
    parameters: ProjectPath;
    requestBody: Body<Schemas["NewTurn"]>;
    responses: { 202: Json<Schemas["Turn"]>; default: Failure };
  };
  stop_message: {
    parameters: MessagePath;
    responses: { 200: Json<Schemas["Message"]>; default: Failure };
  };
  generate_name: {
    parameters: ProjectPath;
    responses: { 200: Json<Schemas["Project"]>; default: Failure };
  };
  list_models: {
    parameters: Record<string, never>;
    responses: { 200: Json<Schemas["ModelPage"]>; default: Failure };
  };
  get_settings: {
    parameters: Record<string, never>;
    responses: { 200: Json<Schemas["Settings"]>; default: Failure };
  };
}
