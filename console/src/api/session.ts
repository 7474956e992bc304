const listeners = new Set<() => void>();

/** Reports that the server refused a call without a log-on: the session may have ended. */
export function reportLoggedOff(): void {
  listeners.forEach((listener) => listener());
}

/** Calls back whenever the server refused a call without a log-on; returns a function that unsubscribes. */
export function onLoggedOff(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
