import type { Strategy } from '../../api/types';
import { useLabels } from '../../locales';
import { useCleanUpWords } from './cleanUpWords';
import { splitTime } from './draft';

/** The retention period and clean-up time of a strategy. */
export function Retention({ strategy }: { strategy: Strategy }) {
  const words = useCleanUpWords();
  const { strategy: labels } = useLabels();
  const { cleanEnabled, backupDataRetentionDays: days, cleanScheduleTime, scheduleZone } = strategy.obBackupScheduleConfig;
  if (strategy.backupMode === 'PHYSICAL_BACKUP') return <>{words.notOurs}</>;
  if (!cleanEnabled || typeof days !== 'number') return <>{words.off}</>;
  const [time, offset] = splitTime(cleanScheduleTime ?? '');
  const said = words.fact(labels.dayCount(days), time, offset ?? scheduleZone ?? '');
  return <>{strategy.cleanUpPaused ? `${said} · ${words.factPaused}` : said}</>;
}
