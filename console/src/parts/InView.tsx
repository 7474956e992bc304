import { type ReactNode, useEffect, useRef } from 'react';

/** Scrolls to its children as soon as they are rendered: users miss an answer below the visible area. */
export function InView({ children }: { children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Do not return its result: in newer browsers it is a promise, and React would take it for a clean-up function.
    box.current?.scrollIntoView({ block: 'start' });
  }, []);
  return <div ref={box}>{children}</div>;
}
