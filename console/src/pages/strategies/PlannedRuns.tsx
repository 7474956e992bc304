import type { PlannedRun } from '../../api/types';
import { useLabels, useLanguage } from '../../locales';
import { formatMoment } from '../../parts/format';
import { wallOf } from './wall';

/** Runs to come, by the clock of the schedule's zone. */
export function PlannedRuns({ runs }: { runs: PlannedRun[] }) {
  const { strategy, words } = useLabels();
  const language = useLanguage();
  return (
    <div data-testid="planned-runs">
      <p className="quiet hint">{strategy.previewOf(runs.length, runs[0]?.zone ?? '')}</p>
      <ol className="planned">
        {runs.map((run) => {
          const { date, weekday, time } = wallOf(run.dueTime, language);
          const isLater = new Date(run.startTime).getTime() > new Date(run.dueTime).getTime();
          return (
            <li key={run.dueTime} data-kind={run.dataBackupMode}>
              <time dateTime={run.dueTime} title={formatMoment(run.dueTime)} className="moment">
                {date} {weekday} {time}
              </time>
              <span className="planned-kind">{words.dataBackupMode[run.dataBackupMode]}</span>
              {isLater ? (
                <span className="quiet planned-start">{strategy.previewStart(wallOf(run.startTime, language).time)}</span>
              ) : null}
            </li>
          );
        })}
      </ol>
    </div>
  );
}

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
