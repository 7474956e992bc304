import { useEffect, type ReactNode } from 'react';

import { useLabels } from '../locales';

interface PageHeadProps {
  title: string;
  /** The cluster of the page, for the title of the window. */
  of?: string | undefined;
  /** The element beside the title: a status or an object. */
  beside?: ReactNode;
  /** The buttons at the upper right. */
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

/** A section of a page, on its own sheet. */
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
