import type { ReactNode } from 'react';

import type { Strategy } from '../../api/types';
import { useLabels } from '../../locales';
import { formatSeconds } from '../../parts/format';
import { Facts } from '../../parts/PageHead';
import { useCleanUpWords } from './cleanUpWords';
import { LastRun, WaitingRun } from './LastRun';
import { useLogBackupWords } from './logBackupWords';
import { NextRun } from './NextRun';
import { Retention } from './Retention';
import { ScheduleWords } from './ScheduleWords';

/** What a strategy does, and when it raises an alarm. */
export function StrategyFacts({ strategy }: { strategy: Strategy }) {
  const all = useLabels();
  const cleanUp = useCleanUpWords();
  const logs = useLogBackupWords();
  const { strategy: labels, words, storage: storageLabels, cluster } = all;
  const { obBackupScheduleConfig: schedule, obBackupThresholdConfig: thresholds, obBackupServiceStorageConfig: storage } = strategy;
  const isPhysical = strategy.backupMode === 'PHYSICAL_BACKUP';
  const { dataBackupTimeoutMinutes: timeout, noSuccessfulDataBackupAlarmDays: days, logBackupDelaySeconds: delay } = thresholds;
  const none = schedule.backupScheduleEnabled ? labels.noNextRun : labels.noNextRunPaused;
  const rows: Array<[string, ReactNode]> = [
    [labels.nextRun, <NextRun key="next" run={strategy.nextRun} none={none} />],
    ...(strategy.waitingRun
      ? ([[labels.waitingRun, <WaitingRun key="waiting" run={strategy.waitingRun} />]] as Array<[string, ReactNode]>)
      : []),
    [labels.lastRun, <LastRun key="last" run={strategy.lastRun} hasReason />],
    [labels.method, words.backupMode[strategy.backupMode]],
    [labels.schedule, <ScheduleWords key="schedule" strategy={strategy} />],
    [
      labels.storage,
      <span key="storage">
        {storage.configName ?? storageLabels.unnamed} · <code>{storage.uri}</code>
      </span>,
    ],
    ...(schedule.quietWindow
      ? ([[labels.windowFact, `${shortTime(schedule.quietWindow.from)} – ${shortTime(schedule.quietWindow.until)}`]] as Array<[string, ReactNode]>)
      : []),
    ...(schedule.jitterSeconds
      ? ([[labels.jitter, formatSeconds(schedule.jitterSeconds, all)]] as Array<[string, ReactNode]>)
      : []),
    ...(isPhysical
      ? ([
          [labels.startsLogBackup, schedule.startLogBackup ? cluster.yes : cluster.no],
          [logs.restarts, schedule.restartInterruptedLogBackup ? cluster.yes : cluster.no],
        ] as Array<[string, ReactNode]>)
      : []),
    [cleanUp.part, <Retention key="retention" strategy={strategy} />],
    [labels.storageAlarm, labels.percent(storage.alarmStoragePercentageThreshold)],
    [labels.timeout, timeout ? formatSeconds(timeout * 60, all) : labels.never],
    [labels.noSuccess, days ? labels.dayCount(days) : labels.never],
    ...(isPhysical && delay ? ([[labels.logDelay, formatSeconds(delay, all)]] as Array<[string, ReactNode]>) : []),
    [labels.owner, strategy.owner ?? labels.ownerGone],
  ];
  return <Facts rows={rows} />;
}

function shortTime(time: string): string {
  return time.replace(/^(\d\d:\d\d):00$/, '$1');
}
