import { PlusOutlined } from '@oceanbase/icons';
import { Table, type TableProps } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';

import type { Cluster, Strategy, UnreadableStrategy } from '../../api/types';
import { useLabels } from '../../locales';
import { expandColumn } from '../../parts/expandIcon';
import { MayButton } from '../../parts/MayButton';
import { Loaded } from '../../parts/PageState';
import { Status, toneOf } from '../../parts/Status';
import { useMay } from '../logon/me';
import { useCleanUpWords } from './cleanUpWords';
import { LastRun } from './LastRun';
import { NextRun } from './NextRun';
import { EVERY_MS, strategiesQuery, unreadableQuery } from './queries';
import { strategyFor } from './strategyFor';
import { objectOf } from './scope';
import { StrategyButtons } from './StrategyButtons';
import { StrategyDetails } from './StrategyDetails';
import { Unreadable } from './Unreadable';

interface StrategyTabProps {
  cluster: Cluster;
  onNew: () => void;
  onModify: (strategy: Strategy) => void;
}

/** The strategy of a cluster, and those of its tenants. */
export function StrategyTab(props: StrategyTabProps) {
  const strategies = useQuery({ ...strategiesQuery(props.cluster.id), refetchInterval: EVERY_MS });
  const unreadable = useQuery(unreadableQuery(props.cluster.id)).data ?? [];
  return <Loaded query={strategies}>{(found) => <Strategies {...props} strategies={found} unreadable={unreadable} />}</Loaded>;
}

interface StrategiesProps extends StrategyTabProps {
  strategies: Strategy[];
  unreadable: UnreadableStrategy[];
}

function Strategies({ cluster, strategies, unreadable, onNew, onModify }: StrategiesProps) {
  const { strategy: labels } = useLabels();
  const own = strategyFor(strategies);
  const isUnreadable = unreadable.some(({ tenantId }) => typeof tenantId !== 'number');
  const others = strategies.filter((each) => each !== own);
  const hasTenants = cluster.generation !== 'GEN3' && (own ?? (isUnreadable || others.length > 0));
  return (
    <>
      {unreadable.length > 0 ? <Unreadable strategies={unreadable} /> : null}
      {own ? (
        <section aria-label={labels.tab} data-testid="cluster-strategy">
          <StrategyHead strategy={own} generation={cluster.generation} onModify={onModify} />
          <StrategyDetails key={own.strategyId} strategy={own} />
        </section>
      ) : isUnreadable ? null : (
        <None text={others.length ? labels.noneButTenants : labels.none} onNew={onNew} />
      )}
      {hasTenants ? <TenantStrategies strategies={others} generation={cluster.generation} onNew={onNew} onModify={onModify} /> : null}
    </>
  );
}

function None({ text, onNew }: { text: string; onNew: () => void }) {
  const { strategy } = useLabels();
  const may = useMay();
  return (
    <div className="welcome no-strategy">
      <h3>{text}</h3>
      <p className="quiet">{strategy.noneHint}</p>
      <MayButton may={may.backUp} type="primary" icon={<PlusOutlined />} onClick={onNew}>
        {strategy.create}
      </MayButton>
    </div>
  );
}

interface StrategyHeadProps {
  strategy: Strategy;
  generation: Cluster['generation'];
  onModify: (strategy: Strategy) => void;
}

function StrategyHead({ strategy, generation, onModify }: StrategyHeadProps) {
  const labels = useLabels();
  const status = strategy.backupScheduleStatus;
  return (
    <div className="section-head strategy-head">
      <h3>
        {objectOf(strategy, labels)}{' '}
        <span data-testid="strategy-status" data-status={status}>
          <Status tone={toneOf(status)}>{labels.words.scheduleStatus[status]}</Status>
          {strategy.invalid ? <Status tone="warn">{labels.strategy.invalid}</Status> : null}
        </span>
      </h3>
      <StrategyButtons strategy={strategy} generation={generation} onModify={onModify} />
    </div>
  );
}

interface TenantStrategiesProps {
  strategies: Strategy[];
  generation: Cluster['generation'];
  onNew: () => void;
  onModify: (strategy: Strategy) => void;
}

function TenantStrategies({ strategies, generation, onNew, onModify }: TenantStrategiesProps) {
  const labels = useLabels();
  const { strategy: words, backup, words: said, state } = labels;
  const cleanUp = useCleanUpWords();
  const may = useMay();
  const columns: TableProps<Strategy>['columns'] = [
    { title: backup.tenant, fixed: 'left', render: (_, { tenantId, tenantName }) => tenantName ?? words.goneTenant(Number(tenantId)) },
    {
      title: words.state,
      dataIndex: 'backupScheduleStatus',
      render: (status: Strategy['backupScheduleStatus'], { invalid }) => (
        <>
          <Status tone={toneOf(status)}>{said.scheduleStatus[status]}</Status>
          {invalid ? <Status tone="warn">{words.invalid}</Status> : null}
        </>
      ),
    },
    { title: words.method, dataIndex: 'backupMode', render: (mode: Strategy['backupMode']) => said.backupMode[mode] },
    {
      title: cleanUp.retention,
      render: (_, { obBackupScheduleConfig: { cleanEnabled, backupDataRetentionDays: days } }) => (cleanEnabled && days ? words.dayCount(days) : '–'),
    },
    {
      title: words.nextRun,
      render: (_, { nextRun, obBackupScheduleConfig: { backupScheduleEnabled } }) => (
        <NextRun run={nextRun} none={backupScheduleEnabled ? words.noNextRun : words.noNextRunPaused} />
      ),
    },
    { title: words.lastRun, render: (_, { lastRun }) => <LastRun run={lastRun} /> },
    {
      title: backup.actions,
      fixed: 'right',
      render: (_, strategy) => <StrategyButtons strategy={strategy} generation={generation} isInRow onModify={onModify} />,
    },
  ];
  return (
    <section aria-label={words.ofTenants} className="tenant-strategies">
      <div className="section-head">
        <h3>{words.ofTenants}</h3>
        <MayButton may={may.backUp} size="small" onClick={onNew}>
          {words.forTenant}
        </MayButton>
      </div>
      <p className="quiet hint">{words.ofTenantsHint}</p>
      {strategies.length === 0 ? <p>{words.noTenants}</p> : (
        <Table<Strategy>
          size="small"
          rowKey="strategyId"
          columns={columns}
          dataSource={strategies}
          expandable={{
            ...expandColumn,
            expandedRowRender: (strategy) => (
              <div className="row-details">
                <StrategyDetails strategy={strategy} />
              </div>
            ),
          }}
          scroll={{ x: 'max-content' }}
          pagination={strategies.length > 10 ? { pageSize: 10, showTotal: state.total } : false}
        />
      )}
    </section>
  );
}
