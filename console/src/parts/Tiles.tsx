import type { ReactNode } from 'react';
import { Link } from 'react-router';

/** A number that is seen from afar: what it counts, the number, and what belongs to it in small print. */
export interface Tile {
  term: string;
  value: ReactNode;
  hint?: ReactNode;
  /** The address of what is counted. */
  to?: string;
}

/** The numbers at the head of a page. */
export function Tiles({ tiles }: { tiles: Tile[] }) {
  return (
    <dl className="tiles">
      {tiles.map(({ term, value, hint, to }) => (
        <div key={term} className="tile">
          <dt>{term}</dt>
          <dd>
            {to ? <Link to={to}>{value}</Link> : value}
            {hint ? <span className="tile-hint">{hint}</span> : null}
          </dd>
        </div>
      ))}
    </dl>
  );
}
