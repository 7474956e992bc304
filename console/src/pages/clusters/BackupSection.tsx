import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'react-router';

import type { Cluster, Overview } from '../../api/types';
import { useChartWords } from '../../charts/useChartWords';
import { useLabels } from '../../locales';
import { formatBytes, formatSeconds } from '../../parts/format';
import { Moment } from '../../parts/Moment';
import { Facts, Section } from '../../parts/PageHead';
import { Loaded } from '../../parts/PageState';
import { Status } from '../../parts/Status';
import { Unknown } from '../../parts/Unknown';
import { overviewQuery } from '../backup/queries';
import { countTenants, protectionRows } from '../protection/protection';
import { protectionQuery } from '../protection/queries';
import { useProtectionWords } from '../protection/words';
import { NextRun } from '../strategies/NextRun';
import { ScheduleState } from '../strategies/ScheduleState';

/** The backup status of a cluster in short, with links to more. */
export function BackupSection({ cluster }: { cluster: Cluster }) {
  const { backup } = useLabels();
  const overview = useQuery(overviewQuery(cluster.id));
  const to = `/clusters/${cluster.id}/backup`;
  return (
    <Section title={backup.title} aside={<Ways to={to} />}>
      <Loaded query={overview}>{(found) => <Standing overview={found} cluster={cluster} to={to} />}</Loaded>
    </Section>
  );
}

function Ways({ to }: { to: string }) {
  const { strategy } = useLabels();
  const charts = useChartWords();
  return (
    <span className="row-buttons">
      <Link to={`${to}?list=strategy`}>{strategy.historyOf}</Link>
      <Link to={`${to}?list=storage`}>{charts.storage}</Link>
    </span>
  );
}

function Standing({ overview, cluster, to }: { overview: Overview; cluster: Cluster; to: string }) {
  const labels = useLabels();
  const { backup, clusters, strategy } = labels;
  const words = useProtectionWords();
  const objects = useQuery(protectionQuery(cluster.id)).data;
  const tenants = objects && countTenants(protectionRows(objects, []));
  const delay = overview.logBackupDelaySeconds;
  const hasLogs = overview.obBackupAbility !== 'LOGICAL_BACKUP';
  const isSilent = Boolean(overview.clusterError);
  const unknown = <Unknown key="unknown" at={cluster.updateTime} />;
  const rows: Array<[string, ReactNode]> = [
    [
      backup.status,
      overview.runningTaskId ? (
        <Link key="running" to={`/tasks/${overview.runningTaskId}`}>
          <Status tone="busy">{backup.inProgress}</Status>
        </Link>
      ) : (
        <ScheduleState key="state" status={overview.backupScheduleStatus} />
      ),
    ],
    [backup.lastDataBackup, <Moment key="last" at={overview.lastDataBackupTime} none={clusters.never} />],
    ...(hasLogs
      ? ([
          [backup.logCheckpoint, isSilent ? unknown : <Moment key="checkpoint" at={overview.latestLogBackupCheckpoint} isExact none={backup.noLogBackup} />],
          [backup.logDelay, isSilent ? unknown : typeof delay === 'number' ? formatSeconds(delay, labels) : '–'],
        ] as Array<[string, ReactNode]>)
      : []),
    [strategy.nextRun, <NextRun key="next" run={overview.nextBackupRun} none={overview.backupScheduleStatus === 'PAUSED' ? strategy.noNextRunPaused : '–'} />],
    [
      words.tiles.none,
      tenants ? (
        <Link key="none" to={`${to}?list=tenants&state=NONE`}>
          {tenants.NONE}
        </Link>
      ) : (
        '…'
      ),
    ],
    [backup.file, backup.files(overview.backupSetCount, formatBytes(overview.backupSize))],
  ];
  return <Facts rows={rows} />;
}
