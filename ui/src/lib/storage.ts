/** Storage that never throws: it is refused in some private windows and can be full. */

const prefix = "loquat.";

export function load(key: string): string | null {
  return read(() => localStorage, key);
}

export function save(key: string, value: string | null): void {
  write(() => localStorage, key, value);
}

/** What this tab alone remembers, across reloads. */
export function loadInTab(key: string): string | null {
  return read(() => sessionStorage, key);
}

export function saveInTab(key: string, value: string | null): void {
  write(() => sessionStorage, key, value);
}

function read(storage: () => Storage, key: string): string | null {
  try {
    return storage().getItem(prefix + key);
  } catch {
    return null;
  }
}

function write(storage: () => Storage, key: string, value: string | null): void {
  try {
    if (value === null) storage().removeItem(prefix + key);
    else storage().setItem(prefix + key, value);
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
