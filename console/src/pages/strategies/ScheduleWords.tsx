import type { DataBackupMode, Strategy } from '../../api/types';
import { useLabels } from '../../locales';
import { useDayNames } from './DayGrid';
import { MONTH_DAYS, WEEK_DAYS } from './draft';

/** When a strategy backs up, in one or two lines. */
export function ScheduleWords({ strategy: { obBackupScheduleConfig: config } }: { strategy: Strategy }) {
  const { strategy, words, state } = useLabels();
  const cycle = config.backupScheduleMode === 'CRON' ? (config.fullOnCycle ?? 'WEEK') : config.backupScheduleMode;
  const nameOf = useDayNames(cycle);
  const order = cycle === 'WEEK' ? WEEK_DAYS : MONTH_DAYS;
  const names = (isOn: (day: string) => boolean) => order.filter(isOn).map((day) => nameOf(day, 'short')).join(', ');
  if (config.backupScheduleMode === 'CRON') {
    const full = names((day) => config.fullOnDays?.includes(day) ?? false);
    return (
      <>
        <code>{config.cronExpression}</code> · {words.dataBackupMode[config.dataBackupMode ?? 'FULL_BACKUP']}
        {full ? ` · ${state.pair(strategy.fullOn, full)}` : ''} <span className="zone">{config.scheduleZone}</span>
      </>
    );
  }
  const kinds = (['FULL_BACKUP', 'INCREMENTAL_BACKUP'] as const)
    .map((kind): [DataBackupMode, string] => [kind, names((day) => config.dayAndDataBackupModelMap[day] === kind)])
    .filter(([, days]) => days);
  const [, time = '', offset = ''] = /^(\d\d:\d\d(?::(?!00)\d\d)?)[\d:.]*(.*)$/.exec(config.backupScheduleTime ?? '') ?? [];
  return (
    <>
      {strategy.cycles[cycle]} · {kinds.map(([kind, days]) => state.pair(words.dataBackupMode[kind], days)).join(' · ')} · {time}{' '}
      <span className="zone">{config.scheduleZone ?? offset}</span>
    </>
  );
}
