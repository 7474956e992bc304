import { useQuery } from '@tanstack/react-query';
import { Fragment } from 'react';
import { Link } from 'react-router';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Alarm, ClusterStanding, TaskHead } from '../../api/types';
import { useLabels } from '../../locales';
import { formatRate } from '../../parts/format';
import { Tiles } from '../../parts/Tiles';
import { useAlarms } from '../alarms/useAlarms';
import { delayedOf, reachesWeek, scheduledCount, weekOf } from './metrics';
import { useMetricsWords } from './metricsWords';

/** The number of tasks on a page. */
const SIZE = 500;

/** The maximum number of pages; older tasks are not counted. */
const PAGES = 20;

const EVERY_MS = 60_000;

/** The maximum number of object names in a tile. */
const NAMED = 3;

/** OCP's four core metrics of backup and recovery, over all clusters. */
export function CoreMetrics({ clusters }: { clusters: ClusterStanding[] }) {
  const { state } = useLabels();
  const words = useMetricsWords();
  const week = useWeek();
  const alarms = useAlarms();
  /** The tile for a missing answer. */
  const missing = ({ isError }: { isError: boolean }) => (isError ? { value: '–', hint: state.unknown } : { value: '…' });
  const scheduled = scheduledCount(clusters);
  const delayed = alarms.data && delayedOf(alarms.data);
  const { backups, recoveries } = week.data ?? {};
  return (
    <Tiles
      tiles={[
        { term: words.scheduled, value: scheduled, hint: words.scheduledHint(clusters.length - scheduled) },
        { term: words.backups, to: '/tasks', ...(backups ? { value: formatRate(backups.good, backups.all), hint: backups.all ? words.backupsHint(backups.good, backups.all) : words.backupsNone } : missing(week)) },
        { term: words.delayed, ...(delayed ? { value: delayed.length, hint: delayed.length ? <Delayed alarms={delayed} /> : words.delayedNone } : missing(alarms)) },
        {
          term: words.recoveries,
          to: '/tasks',
          ...(recoveries ? { value: recoveries.good, hint: recoveries.all ? words.recoveriesHint(recoveries.all) : words.recoveriesNone } : missing(week)),
        },
      ]}
    />
  );
}

/** The objects whose log backup is late, each with a link. */
function Delayed({ alarms }: { alarms: Alarm[] }) {
  const words = useMetricsWords();
  return (
    <>
      {alarms.slice(0, NAMED).map(({ id, clusterId, clusterName, tenantName }, at) => (
        <Fragment key={id}>
          {at ? ' · ' : null}
          <Link to={`/clusters/${clusterId}/backup?list=logs`}>{words.delayedOf(clusterName ?? '', tenantName ?? undefined)}</Link>
        </Fragment>
      ))}
      {alarms.length > NAMED ? ` · ${words.more(alarms.length - NAMED)}` : null}
    </>
  );
}

/** Returns the numbers of backups and recoveries that ended within a week, from the list of tasks. */
function useWeek() {
  return useQuery({
    queryKey: keys.week,
    refetchInterval: EVERY_MS,
    queryFn: async () => {
      const now = Date.now();
      // By ID: a task that starts meanwhile moves others to the next page.
      const tasks = new Map<number, TaskHead>();
      for (let page = 1; page <= PAGES; page += 1) {
        const { contents, page: found } = await answer(
          client.GET('/api/v2/tasks/instances', { params: { query: { page, size: SIZE, sort: 'id,desc' } } }),
        );
        for (const task of contents) tasks.set(task.id, task);
        if (page >= found.totalPages || reachesWeek(contents, now)) break;
      }
      return weekOf([...tasks.values()], now);
    },
  });
}
