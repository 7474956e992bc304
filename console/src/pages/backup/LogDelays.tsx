import { Select } from '@oceanbase/design';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useId, useMemo, useState } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Cluster } from '../../api/types';
import { Chart } from '../../charts/Chart';
import { Period } from '../../charts/Period';
import { EVERY_MS, since } from '../../charts/since';
import { farthestApart, LINES_MAX, worstOf, type Line } from '../../charts/timeline';
import { useChartWords } from '../../charts/useChartWords';
import type { Days } from '../../charts/words';
import { useLabels } from '../../locales';
import { formatSeconds } from '../../parts/format';
import { Loaded, Nothing } from '../../parts/PageState';
import { delayLines, delaySummary } from './delayLines';
import { useLogTenantName } from './useLogTenantName';

const PERIODS = [1, 7, 30, 90] as const;

/** The interval of the samples, in seconds. */
const SAMPLED_EVERY = 300;

/** The minimum range of the axis, in seconds. */
const LEAST = 30;

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const STEPS = [1, 2, 5, 10, 15, 30, ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE), ...[1, 2, 3, 6, 12].map((n) => n * HOUR), ...[1, 2, 7, 14, 30].map((n) => n * DAY)];

/** The log backup delay of each tenant, over time. */
export function LogDelays({ cluster }: { cluster: Cluster }) {
  const { id } = cluster;
  const words = useChartWords();
  const title = useId();
  const [days, setDays] = useState<Days>(1);
  const delays = useQuery({
    queryKey: keys.logDelays(id, days),
    placeholderData: keepPreviousData,
    refetchInterval: EVERY_MS,
    queryFn: () =>
      since(days, (startTime) =>
        answer(client.GET('/api/v2/ob/clusters/{id}/backup/logBackupDelays', { params: { path: { id }, query: { startTime } } })),
      ),
  });
  const nameOf = useLogTenantName(cluster);
  const lines = useMemo(() => delayLines(delays.data?.samples ?? [], nameOf), [delays.data, nameOf]);
  return (
    <section aria-labelledby={title}>
      <div className="chart-head">
        <h3 id={title}>{words.delay}</h3>
        <Period days={days} choices={PERIODS} onChange={setDays} />
      </div>
      <Loaded query={delays}>
        {({ span }) => (lines.length ? <Delays lines={lines} span={span} /> : <Nothing text={words.delayEmpty} />)}
      </Loaded>
    </section>
  );
}

/** The lines of the selected tenants; initially those with the largest delays. */
function Delays({ lines, span }: { lines: Line[]; span: [number, number] }) {
  const labels = useLabels();
  const words = useChartWords();
  const [chosen, setChosen] = useState<string[]>();
  const shown = useMemo(() => {
    const wished = lines.filter(({ key }) => chosen?.includes(key));
    return wished.length ? wished : worstOf(lines, LINES_MAX);
  }, [lines, chosen]);
  const measure = useMemo(
    () => ({ steps: STEPS, least: LEAST, write: (seconds: number) => (seconds === 0 ? '0' : formatSeconds(seconds, labels)) }),
    [labels],
  );
  const write = (seconds: number) => (seconds < 1 ? `< 1 ${labels.time.second}` : formatSeconds(seconds, labels));
  return (
    <>
      {lines.length > 1 ? (
        <div className="chart-choices">
          <Select
            mode="multiple"
            size="small"
            aria-label={words.delayTenants(LINES_MAX)}
            placeholder={words.delayTenants(LINES_MAX)}
            maxCount={LINES_MAX}
            value={chosen ?? []}
            options={lines.map(({ key, name }) => ({ value: key, label: name }))}
            optionFilterProp="label"
            notFoundContent={labels.state.noMatches}
            onChange={(wish: string[]) => setChosen(wish)}
          />
          {shown.length < lines.length && !chosen?.length ? <span className="quiet">{words.delaySome(shown.length, lines.length)}</span> : null}
        </div>
      ) : null}
      <Chart
        title={words.delay}
        summary={delaySummary(shown, words, write)}
        lines={shown}
        span={span}
        farthest={farthestApart(span[1] - span[0], SAMPLED_EVERY)}
        measure={measure}
        write={write}
        gapsHint={words.delayGaps}
      />
    </>
  );
}
