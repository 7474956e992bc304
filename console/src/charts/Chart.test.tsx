import { network } from '../testing/network';

import { expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';

import { stage } from '../testing/stage';
import { Chart } from './Chart';
import type { Line } from './timeline';

const START = new Date(2026, 10, 27, 8).getTime() / 1000;
const line = (key: string, ...values: Array<number | undefined>): Line => ({
  key,
  name: key,
  samples: values.flatMap((value, at) => (value === undefined ? [] : [{ at: START + at * 300, value }])),
});
const MEASURE = { steps: [1, 2, 5, 10, 20, 50, 100], least: 10, write: (value: number) => `${value} s` };
const SPAN: [number, number] = [START, START + 3600];

function open(...parts: Array<Line | number>) {
  const lines = parts.filter((part) => typeof part !== 'number');
  const farthest = parts.find((part) => typeof part === 'number') ?? 645;
  network({});
  stage(
    <Chart
      title="Log Delay"
      summary="The largest delay was 40 s."
      lines={lines}
      span={SPAN}
      farthest={farthest}
      measure={MEASURE}
      write={(value) => `${value} seconds`}
      gapsHint="Log backup did not run."
    />,
  );
}

const plot = () => page.getByRole('img', { name: 'Log Delay. The largest delay was 40 s.' });
const isDrawn = () => expect.element(plot()).toHaveAttribute('data-state', 'drawn');

/** Returns how many points of a chart's canvas, or of its upper part, have about this colour. */
function pointsOf(colour: [number, number, number], { nth = 0, part = 1 } = {}): number {
  const canvas = document.querySelectorAll<HTMLCanvasElement>('.plot canvas')[nth];
  const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, Math.round(canvas.height * part)).data ?? [];
  let count = 0;
  for (let at = 0; at < pixels.length; at += 4) {
    if (colour.every((part, channel) => Math.abs((pixels[at + channel] ?? 0) - part) < 12) && (pixels[at + 3] ?? 0) > 200) count += 1;
  }
  return count;
}

const FIRST: [number, number, number] = [10, 91, 208];
const FIRST_DARK: [number, number, number] = [106, 167, 255];

test('a chart says in words what it shows, and in which zone', async () => {
  open(line('shop', 3, 40, 5));
  await isDrawn();
  await expect.element(page.getByText('The largest delay was 40 s.', { exact: true })).toBeVisible();
  await expect.element(page.getByText('Times are in your time zone', { exact: false })).toBeVisible();
  expect(pointsOf(FIRST)).toBeGreaterThan(50);
});

test('a gap of the samples is a gap of the line, also where another line goes on, and is explained', async () => {
  const whole = [3, 3, 3, 3, 3, 3, 3, 3, 3, 3];
  const broken = [3, 3, 3, undefined, undefined, undefined, undefined, 3, 3, 3];
  const other = whole.map(() => 30);
  open(line('shop', ...whole), line('crm', ...other));
  await isDrawn();
  const drawn = pointsOf(FIRST);
  expect(page.getByText('samples are missing', { exact: false }).elements()).toEqual([]);
  open(line('shop', ...broken), line('crm', ...other));
  await expect.element(page.getByText('samples are missing. Log backup did not run.', { exact: false })).toBeVisible();
  await expect.poll(() => pointsOf(FIRST, { nth: 1 })).toBeGreaterThan(50);
  expect(pointsOf(FIRST, { nth: 1 })).toBeLessThan(drawn * 0.75);
});

test('all values are in a table, the newest first, that opens by keyboard', async () => {
  open(line('shop', 3, undefined, 5), line('crm', 7, 8));
  await isDrawn();
  await userEvent.tab();
  await userEvent.keyboard('{Enter}');
  const rows = () => page.getByRole('row').elements().map((row) => row.textContent?.replace(/^.*(?=\+|-\d\d:)[+-]\d\d:\d\d/, ''));
  await expect.poll(() => rows().length).toBe(4);
  expect(rows()).toEqual(['Timeshopcrm', '5 seconds–', '–8 seconds', '3 seconds7 seconds']);
});

test('each line has its newest value beside its name', async () => {
  open(line('shop', 3, 5), line('crm', 7));
  const legend = () => document.querySelector('.chart-legend ul')?.textContent;
  await expect.poll(legend).toBe('shop 5 secondscrm 7 seconds');
  expect(document.querySelectorAll('.line-sign-1, .line-sign-2').length).toBe(2);
});

test('pointing at the chart shows the values of that moment', async () => {
  open(line('shop', 3, 5, 9));
  await isDrawn();
  await userEvent.hover(plot(), { position: { x: 120, y: 80 } });
  await expect.poll(() => document.querySelector('.chart-legend .moment')?.textContent).toMatch(/^2026-11-27 08:/);
});

test('the colours follow light and dark at once', async () => {
  open(line('shop', 3, 40, 5));
  await isDrawn();
  document.documentElement.dataset.appearance = 'dark';
  try {
    await expect.poll(() => pointsOf(FIRST_DARK)).toBeGreaterThan(50);
    expect(pointsOf(FIRST)).toBe(0);
  } finally {
    delete document.documentElement.dataset.appearance;
  }
});

test('a chart is as wide as its place, also when that changes', async () => {
  await page.viewport(1280, 800);
  open(line('shop', 3, 40, 5));
  await isDrawn();
  await page.viewport(390, 800);
  await expect.poll(() => plot().element().querySelector('canvas')?.clientWidth).toBe(plot().element().clientWidth);
  expect(plot().element().clientWidth).toBeLessThanOrEqual(390);
  await page.viewport(1280, 800);
});

test('a value between two gaps is seen, however many others there are', async () => {
  const low = new Array<number>(400).fill(1);
  const samples = [...low, undefined, undefined, undefined, 40, undefined, undefined, undefined, ...low];
  open({ ...line('shop'), samples: samples.flatMap((value, at) => (value === undefined ? [] : [{ at: START + at * 4, value }])) }, 10);
  await isDrawn();
  // All other points are at the bottom.
  expect(pointsOf(FIRST, { part: 0.5 })).toBeGreaterThan(5);
});
