import { Button, Table, type TableProps } from '@oceanbase/design';

import type { UnreadableStrategy } from '../../api/types';
import { useLabels } from '../../locales';
import { Explanation } from '../../parts/ProblemAlert';
import { Prose } from '../../parts/Prose';
import { useMay } from '../logon/me';
import { objectOf } from './scope';
import { useSteer } from './useSteer';

/** The strategies whose settings the server cannot read: why, and the way to delete them. */
export function Unreadable({ strategies }: { strategies: UnreadableStrategy[] }) {
  const labels = useLabels();
  const { strategy: words, backup, actions } = labels;
  const may = useMay();
  const { ask, isPending } = useSteer();
  const columns: TableProps<UnreadableStrategy>['columns'] = [
    { title: words.object, fixed: 'left', render: (_, strategy) => objectOf(strategy, labels) },
    {
      title: words.reason,
      render: (_, { reason }) => (
        <div className="run-reason">
          <Prose text={reason.message} />
          <Explanation words={reason} />
        </div>
      ),
    },
    {
      title: backup.actions,
      fixed: 'right',
      render: (_, strategy) =>
        may.backUp ? (
          <Button type="link" size="small" className="link-button" disabled={isPending} onClick={() => ask(strategy, 'remove')}>
            {actions.delete}
          </Button>
        ) : null,
    },
  ];
  return (
    <section aria-label={words.unreadable} className="tenant-strategies">
      <h3>{words.unreadable}</h3>
      <p className="quiet hint">{words.unreadableHint}</p>
      <Table<UnreadableStrategy>
        size="small"
        rowKey="strategyId"
        columns={columns}
        dataSource={strategies}
        scroll={{ x: 'max-content' }}
        pagination={false}
      />
    </section>
  );
}
