import type { PlannedRun } from '../../api/types';
import { useLabels, useLanguage } from '../../locales';
import { formatMoment } from '../../parts/format';
import { wallOf } from './wall';

/** What takes the place of a next run, where there is one. */
export function NextRun({ run, none }: { run: PlannedRun | null | undefined; none: string }) {
  const { words } = useLabels();
  const language = useLanguage();
  if (!run) return <span className="quiet">{none}</span>;
  const { date, weekday, time } = wallOf(run.dueTime, language);
  return (
    <span>
      <time dateTime={run.dueTime} title={formatMoment(run.dueTime)} className="moment">
        {date} {weekday} {time} <span className="zone">{run.zone}</span>
      </time>{' '}
      · {words.dataBackupMode[run.dataBackupMode]}
    </span>
  );
}
