import { useLabels, useLanguage } from '../../locales';
import { MONTH_DAYS, MONTH_DAYS_MAX, pressed, WEEK_DAYS, type Days } from './draft';
import { weekdayName } from './wall';

interface DayGridProps {
  cycle: 'WEEK' | 'MONTH';
  days: Days;
  /** Whether a day may be incremental; logical backups are always full. */
  hasIncremental: boolean;
  onChange: (days: Days) => void;
}

/** The days of a week or of a month. Pressing one changes how much is backed up on it. */
export function DayGrid({ cycle, days, hasIncremental, onChange }: DayGridProps) {
  const { strategy, words, state: common } = useLabels();
  const nameOf = useDayNames(cycle);
  const isFull = cycle === 'MONTH' && Object.keys(days).length >= MONTH_DAYS_MAX;
  const short = { FULL_BACKUP: strategy.fullShort, INCREMENTAL_BACKUP: strategy.incrementalShort };
  return (
    <>
      <ul className="day-grid" aria-label={strategy.days}>
        {(cycle === 'WEEK' ? WEEK_DAYS : MONTH_DAYS).map((day) => {
          const kind = days[day];
          const state = kind ? words.dataBackupMode[kind] : strategy.noBackup;
          return (
            <li key={day}>
              <button
                type="button"
                className="day"
                data-day={day}
                data-kind={kind ?? 'NONE'}
                disabled={!kind && isFull}
                onClick={() => onChange(pressed(days, day, hasIncremental))}
              >
                <span className="unseen">{common.pair(nameOf(day, 'long'), state)}</span>
                <span aria-hidden="true">{nameOf(day, 'short')}</span>
                <span aria-hidden="true" className="day-kind">{kind ? short[kind] : '–'}</span>
              </button>
            </li>
          );
        })}
      </ul>
      <ul className="legend" aria-hidden="true">
        <li>
          <span className="legend-sign" data-kind="FULL_BACKUP" /> {words.dataBackupMode.FULL_BACKUP}
        </li>
        {hasIncremental ? (
          <li>
            <span className="legend-sign" data-kind="INCREMENTAL_BACKUP" /> {words.dataBackupMode.INCREMENTAL_BACKUP}
          </li>
        ) : null}
        <li>
          <span className="legend-sign" data-kind="NONE" /> {strategy.noBackup}
        </li>
      </ul>
    </>
  );
}

/** Returns how the days of a cycle are called. */
export function useDayNames(cycle: 'WEEK' | 'MONTH'): (day: string, width: 'short' | 'long') => string {
  const { strategy } = useLabels();
  const language = useLanguage();
  if (cycle === 'WEEK') return (day, width) => weekdayName(Number(day), language, width);
  return (day, width) => {
    if (day === 'L') return width === 'long' ? strategy.lastDayLong : strategy.lastDay;
    return width === 'long' ? strategy.dayOfMonth(day) : day;
  };
}
