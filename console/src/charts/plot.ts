import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import { DASHES, lonelyOf, momentLabels, type Timeline } from './timeline';

/** The division and the labels of the value axis. */
export interface Measure {
  /** The possible distances of its marks, smallest first. */
  steps: number[];
  /** The minimum range of the axis: tiny values must not look large. */
  least: number;
  /** Formats a mark; `step` is the distance of the marks. */
  write: (value: number, step: number) => string;
}

/** The contents of a drawing. */
export interface Drawing {
  timeline: Timeline;
  /** The first and the last time, in seconds. If samples are missing at an end, that part stays empty. */
  span: [number, number];
  measure: Measure;
  /** Called with the position of the pointer; undefined when the pointer leaves. */
  onPoint: (at: number | undefined) => void;
}

const HEIGHT = 220;

/** Draws lines into a box, as wide as the box, in the colours of the page; returns a function that removes them. */
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
          values: (_, splits, __, ___, step) => splits.map((value) => measure.write(value, step)),
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
  // Colours are read when the chart is drawn, so it must be drawn again after a change of the appearance.
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
