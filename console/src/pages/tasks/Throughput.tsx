import { useMemo } from 'react';

import type { Progress } from '../../api/types';
import { Chart } from '../../charts/Chart';
import type { Sample } from '../../charts/timeline';
import { useLanguage } from '../../locales';
import { formatBytes, formatCount } from '../../parts/format';
import { useTaskWords } from './words';

const STEPS = Array.from({ length: 14 }, (_, power) => 10 ** power).flatMap((ten) => [ten, 2 * ten, 5 * ten]);

/** The maximum distance of two samples without a gap in the line, in seconds. */
const FARTHEST = 60;

interface ThroughputProps {
  samples: Sample[];
  unit: Progress['unit'];
}

/** The rate of a running step since its page was opened. */
export function Throughput({ samples, unit }: ThroughputProps) {
  const words = useTaskWords();
  const language = useLanguage();
  const { write, measure } = useMemo(() => {
    const write = (value: number) => `${unit === 'bytes' ? formatBytes(value) : formatCount(Math.round(value), language)}/s`;
    return { write, measure: { steps: STEPS, least: 1, write } };
  }, [unit, language]);
  const lines = useMemo(() => [{ key: 'rate', name: words.throughput, samples }], [words, samples]);
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || first === last) return null;
  const fastest = Math.max(...samples.map(({ value }) => value));
  return (
    <Chart
      title={words.throughput}
      summary={words.throughputOf(write(last.value), write(fastest))}
      lines={lines}
      span={[first.at, last.at]}
      farthest={FARTHEST}
      measure={measure}
      write={write}
      gapsHint={words.throughputGaps}
    />
  );
}
