import { useLabels } from '../../locales';
import type { Shares as Counts } from './shares';

/** One bar for all tenants: how many have an error, are compacting, have completed. */
export function Shares({ shares }: { shares: Counts }) {
  const { compaction } = useLabels();
  const parts = [
    ['error', shares.error, compaction.inError],
    ['compacting', shares.compacting, compaction.compacting],
    ['completed', shares.completed, compaction.completed],
  ] as const;
  return (
    <div className="shares">
      <div className="shares-bar" aria-hidden="true">
        {parts.map(([kind, count]) => (
          <span key={kind} className={`share share-${kind}`} style={{ flexGrow: count }} />
        ))}
      </div>
      <ul className="shares-words">
        {parts.map(([kind, count, word]) => (
          <li key={kind}>
            <span className={`share-sign share-${kind}`} aria-hidden="true" /> {word} <strong>{count}</strong>
          </li>
        ))}
      </ul>
    </div>
  );
}
