// State that is shared by components and by what is no component (the fetcher, the sockets).

import { useSyncExternalStore } from "react";

export interface Store<T> {
  get(): T;
  set(next: T): void;
  subscribe(listener: () => void): () => void;
}

export function store<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      value = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** A store that outlives a reload of the page, and ends with the browser's tab: it may hold tokens. */
export function tabStore<T>(key: string, initial: T): Store<T> {
  const kept = store(read(key, initial));
  return {
    ...kept,
    set(next) {
      kept.set(next);
      try {
        sessionStorage.setItem(key, JSON.stringify(next));
      } catch {
        // A browser that stores nothing only forgets at a reload.
      }
    },
  };
}

function read<T>(key: string, initial: T): T {
  try {
    const text = sessionStorage.getItem(key);
    return text === null ? initial : (JSON.parse(text) as T);
  } catch {
    return initial;
  }
}

export function useStore<T>(of: Store<T>): T {
  return useSyncExternalStore(of.subscribe, of.get);
}
