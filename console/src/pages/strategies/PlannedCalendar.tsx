import { Button } from '@oceanbase/design';
import { useId, useState } from 'react';

import type { DataBackupMode, PlannedRuns } from '../../api/types';
import { useLabels, useLanguage } from '../../locales';
import { WEEK_DAYS } from './draft';
import { monthAfter, monthOf, weeksOfMonth, type PlannedDay } from './plannedDays';
import { usePlannedWords } from './plannedWords';
import { monthTitle, wallOf, weekdayName } from './wall';
import './planned.css';

const KINDS: DataBackupMode[] = ['FULL_BACKUP', 'INCREMENTAL_BACKUP'];

/** The days of the next runs, a month at a time, by the clock of the schedule's zone. */
export function PlannedCalendar({ planned }: { planned: PlannedRuns }) {
  const words = usePlannedWords();
  const { words: common } = useLabels();
  const language = useLanguage();
  const [wanted, setWanted] = useState<string>();
  const title = useId();
  const { contents: runs, lastDayContinues } = planned;
  const [first, last] = [runs[0], runs.at(-1)];
  if (!first || !last) return null;
  const [from, to] = [monthOf(first), monthOf(last)];
  // Another schedule may begin later or end earlier than the month that was looked at.
  const month = wanted !== undefined && wanted >= from && wanted <= to ? wanted : from;
  return (
    <div className="planned-calendar">
      <div className="planned-month">
        <Button size="small" aria-label={words.earlier} title={words.earlier} disabled={month <= from} onClick={() => setWanted(monthAfter(month, -1))}>
          ‹
        </Button>
        <span id={title} aria-live="polite">
          {words.title(monthTitle(month, language), first.zone)}
        </span>
        <Button size="small" aria-label={words.later} title={words.later} disabled={month >= to} onClick={() => setWanted(monthAfter(month, 1))}>
          ›
        </Button>
      </div>
      <table className="month-days" aria-labelledby={title}>
        <thead>
          <tr>
            {WEEK_DAYS.map((day) => (
              <th key={day} scope="col">
                <span className="unseen">{weekdayName(Number(day), language, 'long')}</span>
                <span aria-hidden="true">{weekdayName(Number(day), language, 'short')}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeksOfMonth(planned, month).map((week, at) => (
            <tr key={at}>{week.map((day, weekday) => (day ? <DayCell key={day.date} day={day} /> : <td key={weekday} />))}</tr>
          ))}
        </tbody>
      </table>
      <ul className="legend" aria-hidden="true">
        {KINDS.filter((kind) => runs.some(({ dataBackupMode }) => dataBackupMode === kind)).map((kind) => (
          <li key={kind}>
            <span className="legend-sign planned-sign" data-kind={kind}>
              {words.signs[kind]}
            </span>{' '}
            {common.dataBackupMode[kind]}
          </li>
        ))}
        {lastDayContinues ? (
          <li>
            <span className="legend-sign planned-sign">≥</span> {words.continues}
          </li>
        ) : null}
        <li>
          <span className="legend-sign planned-sign" data-beyond="true" /> {words.beyond}
        </li>
      </ul>
    </div>
  );
}

/** A day: its number, and below it what is due. Screen readers and tooltips get every time. */
function DayCell({ day: { date, runs, isBeyond, continues } }: { day: PlannedDay }) {
  const words = usePlannedWords();
  const { words: common } = useLabels();
  const language = useLanguage();
  const kinds = KINDS.filter((kind) => runs.some(({ dataBackupMode }) => dataBackupMode === kind));
  const described = runs.map(({ dueTime, startTime, dataBackupMode, replacedRuns }) => {
    const [mode, time, start] = [common.dataBackupMode[dataBackupMode], wallOf(dueTime, language), wallOf(startTime, language)];
    if (Date.parse(startTime) <= Date.parse(dueTime)) return words.run(mode, time.time);
    const later = words.runLater(mode, time.time, start.date === time.date ? start.time : `${start.date} ${start.time}`);
    return replacedRuns ? `${later}, ${words.replaces(replacedRuns)}` : later;
  });
  const label = isBeyond ? `${date} (${words.beyond})` : words.day(date, continues ? [...described, words.continues] : described);
  const times = continues ? words.timesAtLeast : words.times;
  const [run] = runs;
  return (
    <td data-day={date} data-kind={kinds[0] ?? 'NONE'} data-beyond={isBeyond} data-continues={continues} {...(run ? { title: label } : {})}>
      <span className="unseen">{label}</span>
      <span aria-hidden="true">{Number(date.slice(8))}</span>
      {run ? (
        <span aria-hidden="true" className="month-day-runs">
          <b>{kinds.map((kind) => words.signs[kind]).join('+')}</b> {runs.length > 1 || continues ? times(runs.length) : wallOf(run.dueTime, language).time}
        </span>
      ) : null}
    </td>
  );
}
