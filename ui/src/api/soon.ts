/**
 * What the server's document does not say yet: pins, search, sessions. Once it does, this file goes,
 * `client.ts` names `paths` and the schema's own types instead, and nothing else changes.
 */
import type { components, paths } from "./schema";

type Schemas = components["schemas"];

export interface Soon {
  Project: Schemas["Project"] & { pinned?: boolean };
  Match: {
    /** The message with the words; the name has them when it is null. */
    message_id?: string | null;
    excerpt: string;
  };
  Session: {
    id: string;
    is_current: boolean;
    user_agent?: string | null;
    address?: string | null;
    created_at: string;
    last_seen_at: string;
    expires_at: string;
  };
}

interface Answer<T> {
  headers: Record<string, unknown>;
  content: { "application/json": T };
}
interface Nothing {
  headers: Record<string, unknown>;
  content?: never;
}
interface Refusals {
  "4XX": {
    headers: Record<string, unknown>;
    content: { "application/problem+json": Schemas["Problem"] };
  };
  "5XX": {
    headers: Record<string, unknown>;
    content: { "application/problem+json": Schemas["Problem"] };
  };
}
type Listed = Soon["Project"] & { match?: Soon["Match"] | null };

interface SoonPaths {
  "/api/projects/": Pick<paths["/api/projects/"], "post"> & {
    get: {
      parameters: {
        query?: { cursor?: string; limit?: number; pinned?: boolean; query?: string };
      };
      responses: Refusals & { 200: Answer<{ items: Listed[]; next_cursor?: string | null }> };
    };
  };
  "/api/projects/{project_id}": Pick<paths["/api/projects/{project_id}"], "get" | "delete"> & {
    patch: {
      parameters: { path: { project_id: string } };
      requestBody: {
        content: { "application/json": Schemas["ProjectChange"] & { pinned?: boolean } };
      };
      responses: Refusals & { 200: Answer<Soon["Project"]> };
    };
  };
  "/api/sessions/": {
    get: {
      responses: Refusals & {
        200: Answer<{ items: Soon["Session"][]; next_cursor?: string | null }>;
      };
    };
    delete: { responses: Refusals & { 204: Nothing } };
  };
  "/api/sessions/{session_id}": {
    delete: {
      parameters: { path: { session_id: string } };
      responses: Refusals & { 204: Nothing };
    };
  };
}

export type AllPaths = Omit<paths, keyof SoonPaths> & SoonPaths;
