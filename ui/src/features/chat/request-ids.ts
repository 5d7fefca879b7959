/**
 * One id for each thing that is asked for, kept while nobody knows whether the server has heard:
 * asked again, it is still the same request, and no model is asked twice.
 */
import { useState } from "react";
import { ConnectionError } from "../../api/problem";
import { randomId } from "../../lib/ids";

export interface RequestIds {
  of: (what: string) => string;
  /** The server has answered, or refused: the next one is another request. */
  settle: (what: string, error?: unknown) => void;
}

export function useRequestIds(): RequestIds {
  const [ids] = useState(() => {
    const known = new Map<string, string>();
    return {
      of(what: string) {
        const id = known.get(what) ?? randomId();
        known.set(what, id);
        return id;
      },
      settle(what: string, error?: unknown) {
        if (!(error instanceof ConnectionError)) known.delete(what);
      },
    };
  });
  return ids;
}
