import type { ReactNode } from 'react';
import { Link } from 'react-router';

/** A large number: its label, its value, and a hint in small print. */
export interface Tile {
  term: string;
  value: ReactNode;
  hint?: ReactNode;
  /** The address of the counted objects. */
  to?: string;
}

/** The tiles at the top of a page. */
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
