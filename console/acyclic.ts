import type { Plugin, Rolldown } from 'vite';

/**
 * Fails the build when chunks import each other in a circle. Such a chunk can run before what it imports is defined, and the
 * page then stays blank in the browser only.
 */
export function acyclic(): Plugin {
  return {
    name: 'lifeboat-acyclic',
    apply: 'build',
    generateBundle(_, bundle) {
      const circle = circleOf(bundle);
      if (circle) throw new Error(`these chunks import each other in a circle; merge fewer of them: ${circle.join(' -> ')}`);
    },
  };
}

/** Returns the chunks of a circle, in order, if there is one. */
function circleOf(bundle: Rolldown.OutputBundle): string[] | null {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (name: string): string[] | null => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    const chunk = bundle[name];
    if (done.has(name) || chunk?.type !== 'chunk') return null;
    path.push(name);
    for (const imported of chunk.imports) {
      const circle = visit(imported);
      if (circle) return circle;
    }
    path.pop();
    done.add(name);
    return null;
  };
  for (const name of Object.keys(bundle)) {
    const circle = visit(name);
    if (circle) return circle;
  }
  return null;
}
