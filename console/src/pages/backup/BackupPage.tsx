import { Alert, Button, Tabs, Tooltip } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link, useSearchParams } from 'react-router';

import type { Ability, Cluster, Overview, Strategy } from '../../api/types';
import { useChartWords } from '../../charts/useChartWords';
import { useLabels } from '../../locales';
import { formatBytes, formatSeconds } from '../../parts/format';
import { later } from '../../parts/later';
import { MayButton } from '../../parts/MayButton';
import { Moment } from '../../parts/Moment';
import { Facts, PageHead, Section } from '../../parts/PageHead';
import { Loaded } from '../../parts/PageState';
import { Explanation } from '../../parts/ProblemAlert';
import { Prose } from '../../parts/Prose';
import { Status, toneOf } from '../../parts/Status';
import { Unknown } from '../../parts/Unknown';
import { useCluster, useClusterId } from '../clusters/clusterId';
import { useMay } from '../logon/me';
import { NextRun } from '../strategies/NextRun';
import { strategiesQuery } from '../strategies/queries';
import { strategyFor } from '../strategies/strategyFor';
import { ScheduleState } from '../strategies/ScheduleState';
import { StrategyTab } from '../strategies/StrategyTab';
import { ProtectionTable } from '../protection/ProtectionTable';
import { useProtectionWords } from '../protection/words';
import { useClusterRecoveryWords } from '../recovery/clusterRecoveryWords';
import { BackupSets } from './BackupSets';
import { ClusterSilent } from './ClusterSilent';
import { DataBackupTasks } from './DataBackupTasks';
import { LogBackupTasks } from './LogBackupTasks';
import { abilityQuery, overviewQuery } from './queries';
import { RecoveryTasks } from './RecoveryTasks';
import { useRetentionWords } from './retentionWords';
import { StorageTrend } from './StorageTrend';

const BackUpNowDrawer = later(async () => (await import('./BackUpNowDrawer')).BackUpNowDrawer);
const CleanUpDrawer = later(async () => (await import('./CleanUpDrawer')).CleanUpDrawer);
const InitiateRecoveryDrawer = later(async () => (await import('../recovery/InitiateRecoveryDrawer')).InitiateRecoveryDrawer);
const RecoverClusterDrawer = later(async () => (await import('../recovery/RecoverClusterDrawer')).RecoverClusterDrawer);
const StrategyDrawer = later(async () => (await import('../strategies/StrategyDrawer')).StrategyDrawer);

/** The parameters of the address that open drawers; other pages link to them. */
const BACK_UP_NOW = 'backUpNow';
const RECOVER = 'recover';
const RECOVER_CLUSTER = 'recoverCluster';
const CLEAN_UP = 'cleanUp';
const NEW_STRATEGY = 'newStrategy';
const MODIFY_STRATEGY = 'modifyStrategy';
/** The initial tenant of a drawer; the lists of the page show only its rows. */
const TENANT = 'tenant';
const DRAWERS = [BACK_UP_NOW, RECOVER, RECOVER_CLUSTER, CLEAN_UP, NEW_STRATEGY, MODIFY_STRATEGY];
const LIST = 'list';
const STRATEGY_LIST = 'strategy';
/** The value for the cluster's own strategy; for a tenant's strategy it is the tenant's ID. */
const OF_CLUSTER = 'cluster';

/** The backup status of one cluster, its backups, and its actions. */
export default function BackupPage() {
  const id = useClusterId();
  const { backup, strategy } = useLabels();
  const charts = useChartWords();
  const protection = useProtectionWords();
  const cluster = useCluster(id);
  // Read whenever the page opens: the default storage is that of the newest backup.
  const ability = useQuery({ ...abilityQuery(id), refetchOnMount: 'always' });
  const overview = useQuery(overviewQuery(id));
  const strategies = useQuery(strategiesQuery(id));
  const [search, setSearch] = useSearchParams();
  // Drawers open and close above the current list and keep its filter.
  const inList = () => new URLSearchParams([...search].filter(([name]) => !DRAWERS.includes(name)));
  const open = (name: string, value = '') => {
    const wish = inList();
    wish.set(name, value);
    setSearch(wish);
  };
  const close = () => setSearch(inList());
  const hasLogs = cluster.data !== undefined && cluster.data.obBackupAbility !== 'LOGICAL_BACKUP';
  const recoverable = search.get(RECOVER);
  const tenant = Number(search.get(TENANT)) || undefined;
  const isReady = cluster.data && ability.data && !ability.data.disabled && ability.isFetchedAfterMount;
  const toStrategies = () => setSearch({ [LIST]: STRATEGY_LIST });

  return (
    <>
      <PageHead title={backup.title} of={cluster.data?.name} beside={<span className="quiet">{cluster.data?.name}</span>}>
        <Buttons
          ability={ability.data}
          hasStrategy={strategies.data ? Boolean(strategyFor(strategies.data)) : undefined}
          onCleanUp={() => open(CLEAN_UP)}
          onRecover={() => open(RECOVER)}
          onRecoverCluster={hasLogs ? () => open(RECOVER_CLUSTER) : undefined}
          onNewStrategy={() => open(NEW_STRATEGY)}
          onBackUpNow={() => open(BACK_UP_NOW)}
        />
      </PageHead>
      {ability.data?.disabled ? <Disabled ability={ability.data} /> : null}
      <Section title={backup.basic}>
        <Loaded query={overview}>
          {(found) => <Basic overview={found} asked={cluster.data?.updateTime} onHistory={toStrategies} />}
        </Loaded>
      </Section>
      <Section>
        <Tabs
          activeKey={search.get(LIST) ?? 'tasks'}
          onChange={(key) => setSearch({ [LIST]: key }, { replace: true })}
          items={[
            { key: 'tasks', label: backup.dataBackupTasks, children: <DataBackupTasks id={id} /> },
            ...(hasLogs && cluster.data
              ? [{ key: 'logs', label: backup.logBackupTasks, children: <LogBackupTasks cluster={cluster.data} /> }]
              : []),
            {
              key: 'sets',
              label: backup.backupSets,
              children: <BackupSets id={id} onRecover={({ backupSetId }) => open(RECOVER, String(backupSetId))} />,
            },
            { key: 'restores', label: backup.recoveryTasks, children: <RecoveryTasks id={id} /> },
            ...(cluster.data
              ? [
                  {
                    key: STRATEGY_LIST,
                    label: strategy.tab,
                    children: (
                      <StrategyTab
                        cluster={cluster.data}
                        onNew={() => open(NEW_STRATEGY)}
                        onModify={({ tenantId }) => open(MODIFY_STRATEGY, String(tenantId ?? OF_CLUSTER))}
                      />
                    ),
                  },
                ]
              : []),
            { key: 'storage', label: charts.storage, children: <StorageTrend id={id} /> },
            { key: 'tenants', label: protection.title, children: <ProtectionTable cluster={id} /> },
          ]}
        />
      </Section>
      {search.has(BACK_UP_NOW) && isReady && !strategies.isPending ? (
        <BackUpNowDrawer
          cluster={cluster.data}
          ability={ability.data}
          strategies={strategies.data ?? []}
          tenant={tenant}
          onNewStrategy={() => open(NEW_STRATEGY)}
          onClose={close}
        />
      ) : null}
      {cluster.data && ability.data && strategies.data ? (
        <StrategyForms
          cluster={cluster.data}
          ability={ability.data}
          strategies={strategies.data}
          isNew={search.has(NEW_STRATEGY)}
          modified={search.get(MODIFY_STRATEGY)}
          onSaved={toStrategies}
          onClose={close}
        />
      ) : null}
      {search.has(CLEAN_UP) && cluster.data ? <CleanUpDrawer cluster={id} hasPolicies={hasLogs && cluster.data.generation === 'GEN4'} onClose={close} /> : null}
      {search.has(RECOVER_CLUSTER) && cluster.data && hasLogs ? <RecoverClusterDrawer cluster={cluster.data} onClose={close} /> : null}
      {recoverable !== null && cluster.data ? (
        <InitiateRecoveryDrawer cluster={cluster.data} chosen={Number(recoverable) || undefined} tenant={tenant} onClose={close} />
      ) : null}
    </>
  );
}

interface StrategyFormsProps {
  cluster: Cluster;
  ability: Ability;
  strategies: Strategy[];
  isNew: boolean;
  /** The strategy that is changed, from the address. */
  modified: string | null;
  onSaved: () => void;
  onClose: () => void;
}

/** The form for a new or changed strategy, if the address requests it. */
function StrategyForms({ isNew, modified, strategies, ...props }: StrategyFormsProps) {
  if (isNew) return <StrategyDrawer {...props} strategies={strategies} />;
  const saved = strategies.find(({ tenantId }) => String(tenantId ?? OF_CLUSTER) === modified);
  return saved ? <StrategyDrawer key={saved.strategyId} {...props} strategies={strategies} strategy={saved} /> : null;
}

interface ButtonsProps {
  ability: Ability | undefined;
  /** Whether the cluster has a strategy; undefined until that is known. */
  hasStrategy: boolean | undefined;
  onCleanUp: () => void;
  onRecover: () => void;
  /** Undefined without physical backups. */
  onRecoverCluster: (() => void) | undefined;
  onNewStrategy: () => void;
  onBackUpNow: () => void;
}

function Buttons({ ability, hasStrategy, onCleanUp, onRecover, onRecoverCluster, onNewStrategy, onBackUpNow }: ButtonsProps) {
  const { backup, strategy } = useLabels();
  const whole = useClusterRecoveryWords();
  const retention = useRetentionWords();
  const may = useMay();
  // Every user may see the retention plan.
  const cleanUp = <Button onClick={onCleanUp}>{retention.open}</Button>;
  const create =
    hasStrategy === false ? (
      <MayButton may={may.backUp} onClick={onNewStrategy}>
        {strategy.create}
      </MayButton>
    ) : null;
  if (!may.backUp) {
    return (
      <>
        {cleanUp}
        <MayButton may={false}>{backup.initiateRecovery}</MayButton>
        {onRecoverCluster ? <MayButton may={false}>{whole.open}</MayButton> : null}
        {create}
        <MayButton may={false} type="primary">
          {backup.backUpNow}
        </MayButton>
      </>
    );
  }
  return (
    <>
      {cleanUp}
      <Button onClick={onRecover}>{backup.initiateRecovery}</Button>
      {onRecoverCluster ? <Button onClick={onRecoverCluster}>{whole.open}</Button> : null}
      {create}
      <Tooltip title={ability?.disabled ? <Prose text={ability.disabled.message} /> : undefined}>
        <Button type="primary" disabled={!ability || Boolean(ability.disabled)} onClick={onBackUpNow}>
          {backup.backUpNow}
        </Button>
      </Tooltip>
    </>
  );
}

function Disabled({ ability }: { ability: Ability }) {
  const { backup } = useLabels();
  const why = ability.disabled;
  if (!why) return null;
  return (
    <Alert
      className="problem"
      type="warning"
      showIcon
      message={<Prose text={backup.disabled(why.message)} />}
      description={<Explanation words={why} />}
    />
  );
}

function CompactionState({ overview: { clusterId, compactionStatus: status } }: { overview: Overview }) {
  const { words } = useLabels();
  if (!status) return <span className="quiet">–</span>;
  return (
    <Link to={`/clusters/${clusterId}/compaction`}>
      <Status tone={toneOf(status)}>{words.compactionStatus[status]}</Status>
    </Link>
  );
}

interface BasicProps {
  overview: Overview;
  asked: string | undefined;
  onHistory: () => void;
}

function Basic({ overview, asked, onHistory }: BasicProps) {
  const labels = useLabels();
  const { backup, words, clusters, strategy, actions } = labels;
  const isPhysical = overview.obBackupAbility !== 'LOGICAL_BACKUP';
  const delay = overview.logBackupDelaySeconds;
  const isSilent = Boolean(overview.clusterError);
  const unknown = <Unknown key="unknown" at={asked} />;
  const running = overview.runningTaskId;
  const status = running ? (
    <>
      <Status tone="busy">{backup.inProgress}</Status> <Link to={`/tasks/${running}`}>{backup.watch}</Link>
    </>
  ) : (
    <ScheduleState status={overview.backupScheduleStatus} />
  );
  const hasStrategy = overview.obClusterBackupStatus === 'HAS_BACKUP_STRATEGY';
  const isPaused = overview.backupScheduleStatus === 'PAUSED';
  return (
    <>
      <ClusterSilent error={overview.clusterError} />
      <Facts
      rows={[
        [backup.status, status],
        [backup.method, words.ability[overview.obBackupAbility]],
        [backup.file, backup.files(overview.backupSetCount, formatBytes(overview.backupSize))],
        [backup.lastDataBackup, <Moment key="last" at={overview.lastDataBackupTime} none={clusters.never} />],
        ...(isPhysical
          ? ([
              [
                backup.logCheckpoint,
                isSilent ? unknown : <Moment key="checkpoint" at={overview.latestLogBackupCheckpoint} isExact none={backup.noLogBackup} />,
              ],
              [backup.logDelay, isSilent ? unknown : typeof delay === 'number' ? formatSeconds(delay, labels) : '–'],
            ] as Array<[string, ReactNode]>)
          : []),
        ...(hasStrategy
          ? ([
              [
                strategy.nextRun,
                <NextRun
                  key="next"
                  run={overview.nextBackupRun}
                  none={isPaused ? strategy.noNextRunPaused : strategy.noNextRun}
                />,
              ],
              [
                strategy.historyOf,
                <Button key="history" type="link" size="small" className="link-button" onClick={onHistory}>
                  {actions.view}
                </Button>,
              ],
            ] as Array<[string, ReactNode]>)
          : []),
        [backup.compaction, isSilent ? unknown : <CompactionState key="compaction" overview={overview} />],
      ]}
      />
    </>
  );
}

