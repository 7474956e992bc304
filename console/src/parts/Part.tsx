import type { ReactNode } from 'react';

/** A part of a form, with its own title. */
export function Part({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  return (
    <section className="part" aria-label={title}>
      <h3>{title}</h3>
      {hint ? <p className="quiet hint">{hint}</p> : null}
      {children}
    </section>
  );
}
