import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import { DASHES, lonelyOf, momentLabels, type Timeline } from './timeline';

/** How the axis of values is divided and written. */
export interface Measure {
  /** How far apart its marks may be, the least first. */
  steps: number[];
  /** How far it reaches at least: what is tiny must not look like much. */
  least: number;
  write: (value: number) => string;
}

/** What is drawn. */
export interface Drawing {
  timeline: Timeline;
  /** The first and the last moment, in seconds: where samples are missing at an end, there is room and no line. */
  span: [number, number];
  measure: Measure;
  /** Called with the position that is pointed at; nothing when none is any more. */
  onPoint: (at: number | undefined) => void;
}

const HEIGHT = 220;

/** Draws lines into a box, as wide as it, in the colours of the page; returns how to take them away. */
export function draw(box: HTMLElement, { timeline, span, measure, onPoint }: Drawing): () => void {
  const colour = (name: string) => () => getComputedStyle(box).getPropertyValue(name).trim();
  const font = `12px ${getComputedStyle(box).fontFamily}`;
  const axis = { font, stroke: colour('--quiet'), grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line'), width: 1, size: 4 } };
  const plot = new uPlot(
    {
      width: Math.max(1, box.clientWidth),
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: {
        x: { range: () => span },
        y: { range: (_, __, greatest) => [0, Math.max(greatest ?? 0, measure.least) * 1.05] },
      },
      axes: [
        { ...axis, space: 64, values: (_, splits, __, ___, apart) => momentLabels(splits, apart) },
        {
          ...axis,
          incrs: measure.steps,
          space: 36,
          values: (_, splits) => splits.map(measure.write),
          size: (_, written) => widthOf(written ?? [], font) + 14,
        },
      ],
      series: [
        {},
        ...timeline.values.map((_, line) => ({
          stroke: colour(`--line-${line + 1}`),
          width: 2,
          dash: [...(DASHES[line] ?? [])],
          points: { size: 5, filter: (_: uPlot, __: number, show: boolean) => (show ? null : lonelyOf(timeline.values[line] ?? [])) },
        })),
      ],
      hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? undefined)] },
    },
    [timeline.times, ...timeline.values],
    box,
  );
  const width = new ResizeObserver(() => {
    if (box.clientWidth && box.clientWidth !== plot.width) plot.setSize({ width: box.clientWidth, height: HEIGHT });
  });
  width.observe(box);
  // Colours are read when something is drawn: light and dark are changed at the root.
  const appearance = new MutationObserver(() => plot.redraw(false, true));
  appearance.observe(document.documentElement, { attributeFilter: ['data-appearance'] });
  return () => {
    width.disconnect();
    appearance.disconnect();
    plot.destroy();
  };
}

function widthOf(written: string[], font: string): number {
  const pen = document.createElement('canvas').getContext('2d');
  if (!pen) return 0;
  pen.font = font;
  return Math.max(0, ...written.map((label) => pen.measureText(label).width));
}
