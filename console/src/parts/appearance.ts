import { useSyncExternalStore } from 'react';

export type Appearance = 'light' | 'dark';

const KEPT_AS = 'lifeboat.appearance';

let appearance: Appearance = remembered();
const listeners = new Set<() => void>();

function remembered(): Appearance {
  const kept = window.localStorage.getItem(KEPT_AS);
  if (kept === 'light' || kept === 'dark') return kept;
  return window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Gives the page the colours of the appearance. */
export function showAppearance(): void {
  document.documentElement.dataset.appearance = appearance;
}

/** Changes between light and dark, and remembers it in this browser. */
export function changeAppearance(wish: Appearance): void {
  appearance = wish;
  window.localStorage.setItem(KEPT_AS, wish);
  listeners.forEach((listener) => listener());
}

/** Returns whether the page is light or dark, and follows its changes. */
export function useAppearance(): Appearance {
  return useSyncExternalStore(listen, () => appearance);
}
