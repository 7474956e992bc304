import type { PlannedRuns as Planned } from '../../api/types';
import { useLabels, useLanguage } from '../../locales';
import { formatMoment } from '../../parts/format';
import { PlannedCalendar } from './PlannedCalendar';
import { usePlannedWords } from './plannedWords';
import { wallOf } from './wall';

/** Runs to come, by the clock of the schedule's zone: as a calendar, and as a list. */
export function PlannedRuns({ planned }: { planned: Planned }) {
  const { strategy, words } = useLabels();
  const { replaces } = usePlannedWords();
  const language = useLanguage();
  const runs = planned.contents;
  return (
    <div data-testid="planned-runs">
      <p className="quiet hint">{strategy.previewOf(runs.length, runs[0]?.zone ?? '')}</p>
      <PlannedCalendar planned={planned} />
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
              {run.replacedRuns ? <span className="quiet planned-start">{replaces(run.replacedRuns)}</span> : null}
            </li>
          );
        })}
      </ol>
    </div>
  );
}
