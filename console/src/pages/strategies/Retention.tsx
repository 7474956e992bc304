import type { Strategy } from '../../api/types';
import { useLabels } from '../../locales';
import { useCleanUpWords } from './cleanUpWords';
import { splitTime } from './draft';

/** The retention period and clean-up time of a strategy. */
export function Retention({ strategy }: { strategy: Strategy }) {
  const words = useCleanUpWords();
  const { strategy: labels } = useLabels();
  const { cleanEnabled, backupDataRetentionDays: days, cleanScheduleTime, scheduleZone } = strategy.obBackupScheduleConfig;
  const isPhysical = strategy.backupMode === 'PHYSICAL_BACKUP';
  if (!cleanEnabled || typeof days !== 'number') return <>{isPhysical ? words.notOurs : words.off}</>;
  if (isPhysical) return <>{words.factPhysical(labels.dayCount(days))}</>;
  const [time, offset] = splitTime(cleanScheduleTime ?? '');
  const said = words.fact(labels.dayCount(days), time, offset ?? scheduleZone ?? '');
  return <>{strategy.cleanUpPaused ? `${said} · ${words.factPaused}` : said}</>;
}
