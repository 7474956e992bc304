import { Button, Tabs } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router';

import type { Cluster, Tenant } from '../../api/types';
import { useLabels } from '../../locales';
import { Ago } from '../../parts/Ago';
import { formatSeconds } from '../../parts/format';
import { MayButton } from '../../parts/MayButton';
import { Facts, PageHead, Section } from '../../parts/PageHead';
import { Loaded, NotFound, Nothing } from '../../parts/PageState';
import { Status } from '../../parts/Status';
import { BackupSets } from '../backup/BackupSets';
import { DataBackupTasks } from '../backup/DataBackupTasks';
import { tenantsQuery } from '../backup/queries';
import { RecoveryTasks } from '../backup/RecoveryTasks';
import { useCluster, useClusterId } from '../clusters/clusterId';
import { useMay } from '../logon/me';
import { exposureOf } from '../protection/protection';
import { LogCheckpoint, PROTECTION_TONES } from '../protection/ProtectionTable';
import { protectionQuery } from '../protection/queries';
import { useProtectionWords } from '../protection/words';
import { recoveryInfoQuery } from '../recovery/queries';
import { PeriodList } from '../recovery/TenantRecovery';
import { NextRun } from '../strategies/NextRun';
import { strategiesQuery } from '../strategies/queries';
import { strategyFor } from '../strategies/strategyFor';

const LIST = 'list';

/** One tenant: its facts, its protection, and its backups and recoveries. */
export default function TenantPage() {
  const id = useClusterId();
  const tenantId = Number(useParams().tenantId);
  const cluster = useCluster(id);
  const tenants = useQuery(tenantsQuery(id));
  return (
    <Loaded query={cluster}>
      {(found) => (
        <Loaded query={tenants}>
          {({ contents }) => {
            const tenant = contents.find((each) => each.id === tenantId);
            return tenant ? <Shown cluster={found} tenant={tenant} /> : <NotFound />;
          }}
        </Loaded>
      )}
    </Loaded>
  );
}

function Shown({ cluster, tenant }: { cluster: Cluster; tenant: Tenant }) {
  const { backup, recovery, cluster: words } = useLabels();
  const [search, setSearch] = useSearchParams();
  const navigate = useNavigate();
  const may = useMay();
  const toBackup = (drawer: string) => void navigate(`/clusters/${cluster.id}/backup?${drawer}&tenant=${tenant.id}`);
  const hasWindow = cluster.obBackupAbility !== 'LOGICAL_BACKUP' && !tenant.physicalDisabled;
  return (
    <>
      <PageHead title={tenant.name} of={cluster.name} beside={<Link to={`/clusters/${cluster.id}`}>{cluster.name}</Link>}>
        {may.backUp ? (
          <Button onClick={() => toBackup('recover=')}>{backup.initiateRecovery}</Button>
        ) : (
          <MayButton may={false}>{backup.initiateRecovery}</MayButton>
        )}
        {/* If the tenant can't be backed up, Back up Now shows the reason. */}
        <MayButton may={may.backUp} type="primary" onClick={() => toBackup('backUpNow=')}>
          {backup.backUpNow}
        </MayButton>
      </PageHead>
      <Section title={words.facts}>
        <Overview cluster={cluster} tenant={tenant} />
      </Section>
      {hasWindow ? (
        <Section title={recovery.periods}>
          <Window cluster={cluster.id} tenant={tenant.id} />
        </Section>
      ) : null}
      <Section>
        <Tabs
          activeKey={search.get(LIST) ?? 'tasks'}
          onChange={(key) => setSearch({ [LIST]: key }, { replace: true })}
          items={[
            { key: 'tasks', label: backup.dataBackupTasks, children: <DataBackupTasks id={cluster.id} tenant={tenant.id} /> },
            {
              key: 'sets',
              label: backup.backupSets,
              children: <BackupSets id={cluster.id} tenant={tenant.id} onRecover={({ backupSetId }) => toBackup(`recover=${backupSetId}`)} />,
            },
            { key: 'restores', label: backup.recoveryTasks, children: <RecoveryTasks id={cluster.id} tenant={tenant.id} /> },
          ]}
        />
      </Section>
    </>
  );
}

function Overview({ cluster, tenant }: { cluster: Cluster; tenant: Tenant }) {
  const labels = useLabels();
  const { cluster: words, clusters, credential, strategy: strategyWords, words: said } = labels;
  const protection = useProtectionWords();
  const objects = useQuery(protectionQuery(cluster.id));
  const strategies = useQuery(strategiesQuery(cluster.id));
  const strategy = strategies.data && strategyFor(strategies.data, tenant.id);
  const object = objects.data?.find(({ tenantId, databaseName }) => tenantId === tenant.id && typeof databaseName !== 'string');
  const exposure = object && exposureOf(object, strategy);
  const wordOf = (code: string) => said.said[code.toUpperCase()] ?? code;
  const rows: Array<[string, ReactNode]> = [
    [words.tenantMode, wordOf(tenant.mode)],
    [words.role, wordOf(tenant.role)],
    [clusters.status, wordOf(tenant.status)],
    [words.primaryZone, tenant.primaryZone],
    ...(cluster.generation === 'GEN4' ? ([[credential.column, tenant.credentialUser ?? credential.unset]] as Array<[string, ReactNode]>) : []),
    ...(object && exposure
      ? ([
          [
            protection.state,
            <Status key="state" tone={PROTECTION_TONES[exposure.protection]}>
              {protection.states[exposure.protection]}
            </Status>,
          ],
          [protection.rpo, exposure.rpoSeconds === undefined ? '–' : formatSeconds(exposure.rpoSeconds, labels)],
          [protection.full, object.full ? <Ago key="full" at={object.full.finishTime} /> : clusters.never],
          [protection.incremental, object.incremental ? <Ago key="incremental" at={object.incremental.finishTime} /> : '–'],
          [protection.log, <LogCheckpoint key="log" object={object} />],
        ] as Array<[string, ReactNode]>)
      : []),
    [
      strategyWords.nextRun,
      <NextRun key="next" run={strategy?.nextRun} none={strategy?.backupScheduleStatus === 'PAUSED' ? strategyWords.noNextRunPaused : '–'} />,
    ],
  ];
  return <Facts rows={rows} />;
}

/** The recoverable times of the tenant. */
function Window({ cluster, tenant }: { cluster: number; tenant: number }) {
  const { recovery } = useLabels();
  const info = useQuery(recoveryInfoQuery(cluster, tenant));
  return (
    <Loaded query={info}>
      {({ tenants }) => {
        const window = tenants.find(({ tenantId }) => tenantId === tenant);
        return window?.intervals.length ? <PeriodList window={window} /> : <Nothing text={recovery.noMoments} />;
      }}
    </Loaded>
  );
}
