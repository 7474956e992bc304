import { useId, useRef, useState, type KeyboardEvent } from 'react';

import { useLanguage } from '../../locales';
import { positionAfter, weeksOf, type Day, type DayState } from './days';
import { useHistoryWords } from './historyWords';
import { monthName, weekdayName } from './wall';
import './calendar.css';

const SIGNS: Record<DayState, string> = { good: '✓', partly: '!', failed: '✕', missed: '–', running: '…', waiting: '○', none: '' };
const STATES: DayState[] = ['good', 'partly', 'failed', 'missed', 'running', 'waiting', 'none'];

interface DayCalendarProps {
  days: Day[];
  /** The day whose runs are listed. */
  chosen: string | undefined;
  onChoose: (date: string) => void;
}

/** Days as a table, a cell each: how the runs that were due on it ended. One cell is in the tab order; arrow keys go to the others. */
export function DayCalendar({ days, chosen, onChoose }: DayCalendarProps) {
  const words = useHistoryWords();
  const [reached, setReached] = useState<string>();
  const keys = useId();
  const weeks = weeksOf(days);
  const table = useRef<HTMLTableElement>(null);
  const inTabOrder = Math.max(0, days.findIndex(({ date }) => date === (reached ?? chosen ?? days.at(-1)?.date)));
  const move = (event: KeyboardEvent) => {
    const next = days[positionAfter(event.key, inTabOrder, days.length) ?? -1];
    if (!next) return;
    event.preventDefault();
    setReached(next.date);
    table.current?.querySelector<HTMLButtonElement>(`[data-day="${next.date}"]`)?.focus();
  };
  return (
    <>
      <div className="calendar-room">
        <table role="grid" aria-label={words.calendar} aria-describedby={keys} className="day-cells" ref={table} onKeyDown={move}>
          <Weeks weeks={weeks} />
          <tbody>
            {weeks.map((row, weekday) => (
              <tr key={weekday}>
                <Weekday day={weekday + 1} />
                {row.map((day, week) => (
                  <td key={week}>
                    {day ? (
                      <Cell
                        day={day}
                        isChosen={day.date === chosen}
                        isInTabOrder={day === days[inTabOrder]}
                        onReach={() => setReached(day.date)}
                        onPress={() => onChoose(day.date)}
                      />
                    ) : null}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <span id={keys} className="unseen">
        {words.calendarKeys}
      </span>
      <ul className="legend" aria-hidden="true">
        {STATES.map((state) => (
          <li key={state}>
            <span className="day-sign" data-state={state}>
              {SIGNS[state]}
            </span>{' '}
            {words.dayStates[state]}
          </li>
        ))}
      </ul>
    </>
  );
}

/** Above each column its week; the name of a month stands where it begins. */
function Weeks({ weeks }: { weeks: Array<Array<Day | undefined>> }) {
  const words = useHistoryWords();
  const language = useLanguage();
  const columns = (weeks[0] ?? []).map((_, at) => weeks.map((row) => row[at]?.date).filter((date) => date !== undefined));
  const beginning = (at: number) => columns[at]?.find((date) => date.endsWith('-01'));
  return (
    <thead>
      <tr>
        <td className="weekday" />
        {columns.map((week, at) => {
          // The first month has begun before; its name stands where the next one leaves room.
          const month = beginning(at) ?? (at === 0 && !beginning(1) ? week[0] : undefined);
          return (
            <th key={at} scope="col">
              <span className="unseen">{words.weekOf(week[0] ?? '')}</span>
              {month ? (
                <span aria-hidden="true" className="month">
                  {monthName(month, language)}
                </span>
              ) : null}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

function Weekday({ day }: { day: number }) {
  const language = useLanguage();
  return (
    <th scope="row" className="weekday">
      <span className="unseen">{weekdayName(day, language, 'long')}</span>
      <span aria-hidden="true">{day % 2 ? weekdayName(day, language, 'short') : ''}</span>
    </th>
  );
}

interface CellProps {
  day: Day;
  isChosen: boolean;
  isInTabOrder: boolean;
  onReach: () => void;
  onPress: () => void;
}

function Cell({ day, isChosen, isInTabOrder, onReach, onPress }: CellProps) {
  const words = useHistoryWords();
  const label = words.dayLabel(day.date, words.dayStates[day.state], words.dayCounts(day));
  return (
    <button
      type="button"
      className="day-cell"
      data-day={day.date}
      data-state={day.state}
      title={label}
      aria-label={label}
      aria-pressed={isChosen}
      tabIndex={isInTabOrder ? 0 : -1}
      onFocus={onReach}
      onClick={onPress}
    >
      <span aria-hidden="true">{SIGNS[day.state]}</span>
    </button>
  );
}
