import { useEffect, type ReactNode } from 'react';

import { useLabels } from '../locales';

interface PageHeadProps {
  title: string;
  /** The cluster that the page is about: the window's title names it. */
  of?: string | undefined;
  /** Beside the title: a state, or what it is about. */
  beside?: ReactNode;
  /** What can be done, upper right. */
  children?: ReactNode;
}

/** A page's title and its buttons. */
export function PageHead({ title, of, beside, children }: PageHeadProps) {
  const { product } = useLabels();
  useEffect(() => {
    document.title = [title, of, product].filter(Boolean).join(' · ');
  }, [title, of, product]);
  return (
    <header className="page-head">
      <div className="page-head-title">
        <h1>{title}</h1>
        {beside}
      </div>
      <div className="page-head-buttons">{children}</div>
    </header>
  );
}

interface SectionProps {
  title?: string;
  aside?: ReactNode;
  children: ReactNode;
}

/** A part of a page, on a sheet of its own. */
export function Section({ title, aside, children }: SectionProps) {
  return (
    <section className="section" aria-label={title}>
      {title || aside ? (
        <div className="section-head">
          {title ? <h2>{title}</h2> : <span />}
          {aside}
        </div>
      ) : null}
      {children}
    </section>
  );
}

/** Facts in columns: a term above its value. */
export function Facts({ rows }: { rows: Array<[string, ReactNode]> }) {
  return (
    <dl className="facts">
      {rows.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
