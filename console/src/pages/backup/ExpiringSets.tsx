import type { DeletePolicy } from '../../api/types';
import { useLabels } from '../../locales';
import { formatBytes } from '../../parts/format';
import { Moment } from '../../parts/Moment';

/** The sets that the database deletes, with its IDs. */
export function ExpiringSets({ sets }: { sets: NonNullable<DeletePolicy['expiring']>['sets'] }) {
  const { words } = useLabels();
  return (
    <ul className="sentences">
      {sets.map(({ obBackupSetId, dataBackupTaskType, consistentTime, bytes }) => (
        <li key={obBackupSetId}>
          {obBackupSetId} · {words.dataBackupMode[dataBackupTaskType]} · <Moment at={consistentTime} isExact /> · {formatBytes(bytes)}
        </li>
      ))}
    </ul>
  );
}
