import type { NotMade as Part } from '../api/types';
import { useLabels } from '../locales';
import { Prose } from './Prose';

/** The objects of the backup set that a recovery does not create. */
export function NotMade({ parts }: { parts: Part[] }) {
  const { recovery } = useLabels();
  if (parts.length === 0) return null;
  return (
    <section className="left-out" aria-label={recovery.notMade} data-testid="not-made">
      <p className="quiet hint">{recovery.notMadeHint}</p>
      <ul>
        {parts.map(({ kind, name, reason }) => (
          <li key={`${kind} ${name} ${reason}`}>
            <div>
              <Prose text={reason} />
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
