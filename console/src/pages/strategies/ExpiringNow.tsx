import { Alert, Checkbox } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import { formatBytes } from '../../parts/format';
import { Loaded } from '../../parts/PageState';
import { useCleanUpWords } from './cleanUpWords';

interface ExpiringNowProps {
  cluster: number;
  /** The tenant of the strategy; undefined for the whole cluster. */
  tenant: number | undefined;
  /** The storage of the strategy, if it is saved. */
  storage: number | undefined;
  /** The retention period. */
  days: number | null;
  takesOver: boolean;
  onTakeOver: (takesOver: boolean) => void;
  /** Identifies what was shown the last time. */
  seen: string | undefined;
  onSeen: (seen: string) => void;
}

/** What the database deletes as soon as the strategy has set its delete policies, and the policies that it would replace. */
export function ExpiringNow({ cluster, tenant, storage, days, takesOver, onTakeOver, seen, onSeen }: ExpiringNowProps) {
  const words = useCleanUpWords();
  const policies = useQuery({
    queryKey: keys.deletePolicies(cluster, { tenant, storage, days }),
    enabled: days !== null,
    gcTime: 0,
    queryFn: () =>
      answer(
        client.GET('/api/v2/ob/clusters/{id}/backup/retention/deletePolicies', {
          params: {
            path: { id: cluster },
            query: {
              ...(days === null ? {} : { retentionDays: days }),
              ...(storage === undefined ? {} : { storageId: storage }),
              ...(tenant === undefined ? { strategyDimension: 'CLUSTER' as const } : { strategyDimension: 'TENANT' as const, tenantId: tenant }),
            },
          },
        }),
      ),
  });
  const shown = policies.data?.planHash;
  useEffect(() => {
    if (shown && shown !== seen) onSeen(shown);
  }, [shown, seen, onSeen]);
  if (days === null) return null;
  return (
    <Loaded query={policies}>
      {({ contents }) => {
        const going = contents.filter(({ expiring }) => expiring && expiring.sets.length + expiring.pieces > 0);
        const foreign = contents.filter(({ takeOverNeeded }) => takeOverNeeded);
        return (
          <section aria-label={words.goes} className="choice-hint" data-testid="deleted-at-once">
            <Alert
              type={going.length > 0 ? 'warning' : 'info'}
              showIcon
              message={going.length > 0 ? words.goes : words.goesNothing}
              description={
                going.length > 0 ? (
                  <>
                    <ul className="sentences">
                      {going.map(({ tenantId, tenantName, expiring }) => (
                        <li key={tenantId}>
                          {words.goesOf(tenantName, expiring?.sets.length ?? 0, expiring?.pieces ?? 0, formatBytes(expiring?.bytes ?? 0))}
                        </li>
                      ))}
                    </ul>
                    <p>{words.goesText}</p>
                  </>
                ) : null
              }
            />
            {foreign.length > 0 ? (
              <div data-testid="foreign-policies">
                <p className="hint">{words.foreign}</p>
                <ul className="sentences">
                  {foreign.map(({ tenantId, tenantName, policyName, recoveryWindow }) => (
                    <li key={tenantId}>
                      {policyName ? words.foreignOf(tenantName, [policyName, recoveryWindow].filter(Boolean).join(' ')) : words.foreignOfNone(tenantName)}
                    </li>
                  ))}
                </ul>
                <Checkbox checked={takesOver} onChange={(event: { target: { checked: boolean } }) => onTakeOver(event.target.checked)}>
                  {words.takeOver}
                </Checkbox>
              </div>
            ) : null}
          </section>
        );
      }}
    </Loaded>
  );
}
