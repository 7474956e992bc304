import { type ReactNode, useEffect, useRef } from 'react';

/** Brings what it holds to the reader's eyes as soon as it is there: an answer below the edge is none. */
export function InView({ children }: { children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.scrollIntoView({ block: 'start' }), []);
  return <div ref={box}>{children}</div>;
}
