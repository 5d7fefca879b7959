/** What another tab did, written into what this one shows. */
import type { QueryClient } from "@tanstack/react-query";
import type { Message, Project } from "./client";
import type { News } from "./live";
import { messagesQuery } from "./messages";
import { dropProject, projectQuery, projectsQuery, showProject } from "./projects";

/** News of this tab's own turn arrive with the answer to its request, which brings more; in ms. */
const patience = 300;

const looks = new Map<string, ReturnType<typeof setTimeout>>();

export function hearNews(queries: QueryClient, news: News): void {
  switch (news.type) {
    case "project":
      showProject(queries, news.project);
      askAgain(queries);
      lookAtMessages(queries, news.project.id);
      break;
    case "project_deleted":
      forgetProject(queries, news.project_id);
      break;
    case "resync":
      refresh(queries);
  }
}

/** Everything that is on screen is asked for again. */
export function refresh(queries: QueryClient): void {
  for (const key of ["projects", "project", "messages"]) {
    void queries.invalidateQueries({ queryKey: [key] });
  }
}

/** A list that is on its way may be older than the news. */
function askAgain(queries: QueryClient): void {
  const { queryKey } = projectsQuery;
  if (queries.isFetching({ queryKey }) > 0) void queries.invalidateQueries({ queryKey });
}

function forgetProject(queries: QueryClient, id: string): void {
  const { queryKey } = projectQuery(id);
  const open = queries.getQueryCache().find({ queryKey })?.isActive() ?? false;
  dropProject(queries, id, open);
  askAgain(queries);
  // Whoever has it open is told by the server that it is gone.
  if (open) void queries.invalidateQueries({ queryKey });
}

/** A turn begun elsewhere is loaded, and with it followed, once this tab has not begun it itself. */
function lookAtMessages(queries: QueryClient, id: string): void {
  clearTimeout(looks.get(id));
  const look = () => {
    looks.delete(id);
    const { queryKey } = messagesQuery(id);
    const pages = queries.getQueryData(queryKey);
    const project = queries.getQueryData(projectQuery(id).queryKey);
    if (!pages || !project) return;
    const items = pages.pages.flatMap((page) => page.items);
    // Of several versions one that is not shown may be gone, and nothing else tells.
    const versions = !project.live_message_id && items.some(({ siblings }) => siblings.length > 1);
    if (!versions && isCurrent(pages.pages[0]?.items.at(-1), project)) return;
    void queries.invalidateQueries({ queryKey });
  };
  looks.set(id, setTimeout(look, patience));
}

/** Whether the newest message that is shown is the newest one there is, and as far. */
export function isCurrent(newest: Message | undefined, project: Project): boolean {
  const running = newest?.status === "running";
  return (
    (newest?.id ?? null) === (project.active_message_id ?? null) &&
    running === (newest !== undefined && newest.id === project.live_message_id)
  );
}
