import { Table, type TableProps } from '@oceanbase/design';
import { useEffect, useMemo, useRef, useState } from 'react';

import { useLabels } from '../locales';
import { formatMoment, partsOfMoment } from '../parts/format';
import { gapsOf, rfc3339, timelineOf, type Line } from './timeline';
import type { Measure } from './plot';
import { useChartWords } from './useChartWords';
import './charts.css';

interface ChartProps {
  title: string;
  /** What the lines show, in a sentence or two: for screen readers and for everybody. */
  summary: string;
  /** At most as many lines as there are patterns. */
  lines: Line[];
  /** The first and the last time, in seconds. */
  span: [number, number];
  /** The maximum distance of neighbouring samples without a gap, in seconds. */
  farthest: number;
  measure: Measure;
  /** Formats a value in full; the measure formats it for the axis. */
  write: (value: number) => string;
  /** Why samples may be missing. */
  gapsHint: string;
}

/** Lines over time, with a summary, and all values as a table. */
export function Chart({ title, summary, lines, span, farthest, measure, write, gapsHint }: ChartProps) {
  const words = useChartWords();
  const [from, until] = span;
  const timeline = useMemo(() => timelineOf(lines, farthest), [lines, farthest]);
  const [pointed, setPointed] = useState<number>();
  const box = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<'loading' | 'drawn' | 'failed'>('loading');
  useEffect(() => {
    let takeAway: (() => void) | undefined;
    let isGone = false;
    // The library is loaded with the first chart.
    import('./plot')
      .then(({ draw }) => {
        if (isGone || !box.current) return;
        takeAway = draw(box.current, { timeline, span: [from, until], measure, onPoint: setPointed });
        setState('drawn');
      })
      .catch(() => isGone || setState('failed'));
    return () => {
      isGone = true;
      takeAway?.();
    };
  }, [timeline, from, until, measure]);
  const hasGaps = lines.some(({ samples }) => gapsOf(samples, farthest).length > 0);
  const zone = `${Intl.DateTimeFormat().resolvedOptions().timeZone} (${partsOfMoment(rfc3339(until))[1]})`;
  return (
    <figure className="chart" aria-label={title}>
      <figcaption>{summary}</figcaption>
      <div ref={box} className="plot" role="img" aria-label={`${title}. ${summary}`} data-state={state} />
      {state === 'drawn' ? null : (
        <p className="quiet" role="status">
          {state === 'failed' ? words.notLoaded : words.loading}
        </p>
      )}
      <Legend lines={lines} timeline={timeline} pointed={pointed} write={write} />
      <p className="quiet hint">
        {[words.zone(zone), ...(hasGaps ? [words.gaps, gapsHint] : [])].join(words.between)}
      </p>
      <Values title={title} lines={lines} write={write} />
    </figure>
  );
}

interface LegendProps {
  lines: Line[];
  timeline: { times: number[]; values: Array<Array<number | null | undefined>> };
  pointed: number | undefined;
  write: (value: number) => string;
}

/** The sign and name of each line, with its value at the pointer, otherwise the newest value. */
function Legend({ lines, timeline, pointed, write }: LegendProps) {
  const words = useChartWords();
  const time = pointed === undefined ? undefined : timeline.times[pointed];
  return (
    <div className="chart-legend" aria-hidden="true">
      <span className="moment">{time === undefined ? words.newest : formatMoment(rfc3339(time))}</span>
      <ul>
        {lines.map(({ key, name, samples }, line) => {
          const value = time === undefined || pointed === undefined ? samples.at(-1)?.value : timeline.values[line]?.[pointed];
          return (
            <li key={key}>
              <svg width="28" height="8" className={`line-sign line-sign-${line + 1}`}>
                <line x1="0" y1="4" x2="28" y2="4" />
              </svg>
              {name} <b>{typeof value === 'number' ? write(value) : '–'}</b>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

interface ValuesProps {
  title: string;
  lines: Line[];
  write: (value: number) => string;
}

interface Row {
  at: number;
  values: Array<number | undefined>;
}

/** All values as a table, newest first. It is rendered when it is opened. */
function Values({ title, lines, write }: ValuesProps) {
  const words = useChartWords();
  const { state } = useLabels();
  const [isOpen, setOpen] = useState(false);
  const columns: TableProps<Row>['columns'] = [
    { title: words.time, dataIndex: 'at', render: (at: number) => <span className="moment">{formatMoment(rfc3339(at))}</span> },
    ...lines.map(({ key, name }, line) => ({
      key,
      title: name,
      align: 'right' as const,
      render: (_: unknown, { values }: Row) => {
        const value = values[line];
        return value === undefined ? '–' : write(value);
      },
    })),
  ];
  return (
    <details className="chart-values" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{words.table}</summary>
      {isOpen ? (
        <Table<Row>
          size="small"
          rowKey="at"
          aria-label={title}
          columns={columns}
          dataSource={rowsOf(lines)}
          scroll={{ x: 'max-content' }}
          pagination={{ defaultPageSize: 10, showSizeChanger: true, showTotal: state.total, hideOnSinglePage: true }}
        />
      ) : null}
    </details>
  );
}

function rowsOf(lines: Line[]): Row[] {
  const rows = new Map<number, Row>();
  lines.forEach(({ samples }, line) => {
    for (const { at, value } of samples) {
      const row = rows.get(at) ?? { at, values: lines.map(() => undefined) };
      row.values[line] = value;
      rows.set(at, row);
    }
  });
  return [...rows.values()].sort((a, b) => b.at - a.at);
}
