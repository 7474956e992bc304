import { Form, Select } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';

import { Problem } from '../../api/problem';
import { Moment } from '../../parts/Moment';
import { Explanation, ProblemAlert } from '../../parts/ProblemAlert';
import { Prose } from '../../parts/Prose';
import { storageInfoQuery } from './queries';
import type { StorageSource } from './storageRecovery';
import { useStorageRecoveryWords } from './storageRecoveryWords';

interface FoundTenantsProps {
  storage: number;
  source: StorageSource;
  onChange: (part: Partial<StorageSource>) => void;
}

/** The tenants whose backups Lifeboat finds in the storage, and the presumable times of the chosen one. */
export function FoundTenants({ storage, source, onChange }: FoundTenantsProps) {
  const words = useStorageRecoveryWords();
  const found = useQuery(storageInfoQuery(storage));
  const tenants = found.data?.tenants ?? [];
  const chosen = tenants.find(
    (one) =>
      one.backupClusterName === source.clusterName.trim() &&
      one.backupObClusterId === source.clusterId &&
      one.backupObTenantId === source.tenantId,
  );
  const why = found.error instanceof Problem ? found.error.words : undefined;
  return (
    <>
      <Form.Item label={words.found} htmlFor="source-found" extra={tenants.length === 0 && found.data ? words.foundNone : words.foundHint}>
        <Select
          id="source-found"
          showSearch
          loading={found.isPending}
          disabled={tenants.length === 0}
          value={chosen?.folder}
          options={tenants.map(({ folder }) => ({ value: folder, label: folder }))}
          onChange={(folder: string) => {
            const one = tenants.find((tenant) => tenant.folder === folder);
            if (one) onChange({ clusterName: one.backupClusterName, clusterId: one.backupObClusterId, tenantId: one.backupObTenantId });
          }}
        />
      </Form.Item>
      {why ? (
        <div className="quiet" data-testid="storage-hidden">
          <Prose text={`${words.hidden} ${why.message}`} />
          <Explanation words={why} />
        </div>
      ) : null}
      {chosen ? <PresumableTimes storage={storage} folder={chosen.folder} /> : null}
    </>
  );
}

/** The presumable times of a tenant, as the names in its folder tell them. */
function PresumableTimes({ storage, folder }: { storage: number; folder: string }) {
  const words = useStorageRecoveryWords();
  const { data, error } = useQuery(storageInfoQuery(storage, folder));
  if (error) return <ProblemAlert error={error} />;
  if (!data?.recoverable) return null;
  const { intervals, sets, zone } = data.recoverable;
  return (
    <section aria-label={words.times} data-testid="presumable-times">
      <h4>{words.times}</h4>
      {intervals.length === 0 ? <p>{words.timesNone}</p> : null}
      <ul>
        {intervals.map(({ startTime, endTime }) => (
          <li key={startTime}>
            <Moment at={startTime} isExact isBare /> – <Moment at={endTime} isExact />
          </li>
        ))}
      </ul>
      <p className="quiet">{words.timesHint(sets.length, zone)}</p>
    </section>
  );
}
