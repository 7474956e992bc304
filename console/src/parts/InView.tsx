import { type ReactNode, useEffect, useRef } from 'react';

/** Scrolls to what it holds as soon as it is there: an answer below the edge is none. */
export function InView({ children }: { children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // What it returns is no clean-up: a promise, in newer browsers.
    box.current?.scrollIntoView({ block: 'start' });
  }, []);
  return <div ref={box}>{children}</div>;
}
