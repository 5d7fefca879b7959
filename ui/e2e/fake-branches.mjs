/** The tree of a fake conversation's messages, of which one branch is shown. */

/** The branch that is shown, oldest first. */
export function branch({ messages, leaf }) {
  const shown = [];
  for (let id = leaf; id; ) {
    const message = messages.find((candidate) => candidate.id === id);
    if (!message) break;
    shown.unshift(message);
    id = message.parent_id;
  }
  return shown;
}

/** A message as the API tells it. */
export function told({ messages }, message) {
  const siblings = messages.filter(({ parent_id }) => parent_id === message.parent_id);
  return { ...message, siblings: siblings.map(({ id }) => id) };
}

export function newestBelow({ messages }, id) {
  for (let newest = id; ; ) {
    const next = messages.findLast(({ parent_id }) => parent_id === newest);
    if (!next) return newest;
    newest = next.id;
  }
}

/** Takes everything below along, and shows what is left. */
export function remove(project, message) {
  const doomed = new Set([message.id]);
  // A reply always stands after what it replies to.
  for (const { id, parent_id } of project.messages) if (doomed.has(parent_id)) doomed.add(id);
  for (const { id, live } of project.messages) if (live && doomed.has(id)) live.stopped = true;
  project.messages = project.messages.filter(({ id }) => !doomed.has(id));
  if (doomed.has(project.leaf)) project.leaf = newestBelow(project, message.parent_id);
}
