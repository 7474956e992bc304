const listeners = new Set<() => void>();

/** Reports that the server took a call for nobody's: the session may have ended. */
export function reportLoggedOff(): void {
  listeners.forEach((listener) => listener());
}

/** Calls back whenever a call was taken for nobody's; returns how to stop that. */
export function onLoggedOff(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
