/** How the conversation that is about to begin is to answer: kept here until it exists. */
import { load, save } from "../lib/storage";
import { createStore } from "../lib/store";
import type { ProjectChange } from "./client";
import { owner } from "./owner";

export type NewChat = Pick<ProjectChange, "system_prompt" | "parameters">;

/** `null`: nothing was set. */
export const newChat = createStore<NewChat | null>(null);

/** Under the drafts, because it goes where they go when somebody signs out. */
const key = () => `draft.${owner.get()}.settings`;

/** Takes up what `userId` had set before a reload. */
export function recallNewChat(userId: string): void {
  if (userId === owner.get()) return;
  owner.set(userId);
  try {
    newChat.set(JSON.parse(load(key()) ?? "null"));
  } catch {
    newChat.set(null);
  }
}

export function setNewChat(settings: NewChat | null): void {
  newChat.set(settings);
  save(key(), settings && JSON.stringify(settings));
}
