/** localStorage that never throws: it is refused in some private windows and can be full. */

const prefix = "loquat.";

export function load(key: string): string | null {
  try {
    return localStorage.getItem(prefix + key);
  } catch {
    return null;
  }
}

export function save(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(prefix + key);
    else localStorage.setItem(prefix + key, value);
  } catch {
    // The page works without memory.
  }
}

/** Removes every entry whose key starts with `start`. */
export function forget(start: string): void {
  try {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix + start));
    for (const key of keys) localStorage.removeItem(key);
  } catch {
    // Nothing was stored then.
  }
}
