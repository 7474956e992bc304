import { Button, Table } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';

import type { StrategyRun } from '../../api/types';
import { useLabels } from '../../locales';
import { Loaded, Nothing } from '../../parts/PageState';
import { DayCalendar } from './DayCalendar';
import { daysOf, runsOf } from './days';
import { useHistoryWords } from './historyWords';
import { CALENDAR_EVERY_MS, calendarQuery } from './queries';
import { RunList, useRunColumns } from './RunList';
import type { Scope } from './scope';

/** What became of each due time: the last 90 days as a calendar, and below it the list of all runs or of one day. */
export function History({ scope }: { scope: Scope }) {
  const { strategy } = useLabels();
  const words = useHistoryWords();
  const runs = useQuery({ ...calendarQuery(scope), refetchInterval: CALENDAR_EVERY_MS });
  const [day, setDay] = useState<string>();
  const box = useRef<HTMLElement>(null);
  const showAll = () => {
    // Back to the cell that one came from.
    box.current?.querySelector<HTMLButtonElement>(`.day-cell[data-day="${day}"]`)?.focus();
    setDay(undefined);
  };
  return (
    <section aria-label={strategy.history} className="history" ref={box}>
      <h3>{strategy.history}</h3>
      <section aria-label={words.calendar} className="calendar">
        <h4>{words.calendar}</h4>
        <Loaded query={runs}>{(found) => <DayCalendar days={daysOf(found, new Date())} chosen={day} onChoose={setDay} />}</Loaded>
        <p className="quiet hint">{words.calendarHint}</p>
      </section>
      {day && runs.data ? <DayRuns key={day} day={day} runs={runsOf(runs.data, day)} onShowAll={showAll} /> : <RunList scope={scope} />}
    </section>
  );
}

interface DayRunsProps {
  day: string;
  runs: StrategyRun[];
  onShowAll: () => void;
}

/** The runs that were due on one day. They come into view and take the focus: somebody has just asked for them. */
function DayRuns({ day, runs, onShowAll }: DayRunsProps) {
  const { state } = useLabels();
  const words = useHistoryWords();
  const columns = useRunColumns();
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  return (
    <section aria-label={words.dayRuns(day)} className="day-runs">
      <div className="section-head">
        <h4 ref={title} tabIndex={-1}>
          {words.dayRuns(day)}
        </h4>
        <Button size="small" onClick={onShowAll}>
          {words.allRuns}
        </Button>
      </div>
      <Table<StrategyRun>
        size="small"
        rowKey="dueTime"
        columns={columns ?? []}
        dataSource={runs}
        locale={{ emptyText: <Nothing text={words.noDayRuns} /> }}
        scroll={{ x: 'max-content' }}
        pagination={runs.length > 10 ? { defaultPageSize: 10, showTotal: state.total } : false}
      />
    </section>
  );
}
