import { Form, Input, Typography } from '@oceanbase/design';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import { useLabels } from '../../locales';
import { ProblemAlert } from '../../parts/ProblemAlert';

/** How a physical backup set is restored by hand: the exact statements, to be copied. */
export function RestoreStatements({ set }: { set: number }) {
  const { recovery } = useLabels();
  const [into, setInto] = useState({ tenant: '', pools: '' });
  const query = useDeferredValue(into);
  const found = useQuery({
    queryKey: keys.restoreStatements(set, query),
    placeholderData: keepPreviousData,
    queryFn: () =>
      answer(client.GET('/api/v2/backup/sets/{id}/restoreStatements', { params: { path: { id: set }, query } })),
  });
  const text = found.data?.statements.map((statement) => `${statement};`).join('\n');
  return (
    <>
      <p className="quiet">{recovery.byHand}</p>
      <div className="option-row">
        <Form.Item label={recovery.newTenant} htmlFor="recovery-new-tenant" extra={recovery.newTenantHint}>
          <Input
            id="recovery-new-tenant"
            value={into.tenant}
            onChange={({ target }) => setInto({ ...into, tenant: target.value })}
          />
        </Form.Item>
        <Form.Item label={recovery.pools} htmlFor="recovery-pools" extra={recovery.poolsHint}>
          <Input
            id="recovery-pools"
            value={into.pools}
            onChange={({ target }) => setInto({ ...into, pools: target.value })}
          />
        </Form.Item>
      </div>
      {text ? (
        <div className="plan">
          <div className="statements-head">
            <h3>{recovery.statements}</h3>
            <Typography.Text copyable={{ text, tabIndex: 0 }} />
          </div>
          <pre tabIndex={0} data-testid="restore-statements">
            {text}
          </pre>
        </div>
      ) : null}
      <ProblemAlert error={found.error} />
    </>
  );
}
