import { useQuery } from '@tanstack/react-query';

import { useLabels } from '../../locales';
import { Loaded } from '../../parts/PageState';
import { daysOf, weekdayOf, type Day, type DayState } from './days';
import { calendarQuery, EVERY_MS } from './queries';
import type { Scope } from './scope';

const SIGNS: Record<DayState, string> = { good: '✓', partly: '!', failed: '✕', missed: '–', running: '…', none: '' };
const STATES: DayState[] = ['good', 'partly', 'failed', 'missed', 'running', 'none'];

/** The last 90 days, a cell each: how the runs that were due on it ended. */
export function DayCalendar({ scope }: { scope: Scope }) {
  const { strategy } = useLabels();
  const runs = useQuery({ ...calendarQuery(scope), refetchInterval: EVERY_MS });
  return (
    <section aria-label={strategy.calendar} className="calendar">
      <h4>{strategy.calendar}</h4>
      <Loaded query={runs}>{(found) => <Cells days={daysOf(found, new Date())} />}</Loaded>
      <p className="quiet hint">{strategy.calendarHint}</p>
    </section>
  );
}

function Cells({ days }: { days: Day[] }) {
  const { strategy } = useLabels();
  const [first, last] = [days[0], days.at(-1)];
  return (
    <>
      <ol className="day-cells">
        {days.map((day, at) => {
          const counts = strategy.dayCounts(day);
          const label = strategy.dayLabel(day.date, strategy.dayStates[day.state], counts);
          return (
            <li
              key={day.date}
              className="day-cell"
              data-state={day.state}
              title={label}
              style={at === 0 ? { gridRowStart: weekdayOf(day.date) + 1 } : undefined}
            >
              <span aria-hidden="true">{SIGNS[day.state]}</span>
              <span className="unseen">{label}</span>
            </li>
          );
        })}
      </ol>
      <div className="day-ends quiet" aria-hidden="true">
        <span>{first?.date}</span>
        <span>{last?.date}</span>
      </div>
      <ul className="legend" aria-hidden="true">
        {STATES.map((state) => (
          <li key={state}>
            <span className="day-cell" data-state={state}>
              {SIGNS[state]}
            </span>{' '}
            {strategy.dayStates[state]}
          </li>
        ))}
      </ul>
    </>
  );
}
