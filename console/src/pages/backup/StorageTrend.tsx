import { Select } from '@oceanbase/design';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useId, useMemo, useState } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import { Chart } from '../../charts/Chart';
import { Period } from '../../charts/Period';
import { EVERY_MS, since } from '../../charts/since';
import { farthestApart } from '../../charts/timeline';
import { useChartWords } from '../../charts/useChartWords';
import type { Days } from '../../charts/words';
import { useLabels } from '../../locales';
import { formatBytes, formatBytesLike } from '../../parts/format';
import { Loaded, Nothing } from '../../parts/PageState';
import { storagesOf, usageLines, usageSummary, type UsedStorage } from './usageLines';

const PERIODS = [7, 30, 90, 180] as const;

/** The interval of the samples, in seconds. */
const SAMPLED_EVERY = 1800;

/** In bytes: a few of each unit. */
const STEPS = Array.from({ length: 6 }, (_, unit) => [1, 2, 5, 10, 20, 50, 100, 200, 500].map((n) => n * 1024 ** unit)).flat();

const MEASURE = { steps: STEPS, least: 1024, write: formatBytesLike };

/** The space of a cluster's backups in each storage, over time. */
export function StorageTrend({ id }: { id: number }) {
  const words = useChartWords();
  const title = useId();
  const [days, setDays] = useState<Days>(30);
  const [chosen, setChosen] = useState<number>();
  const usages = useQuery({
    queryKey: keys.storageUsages(id, days),
    placeholderData: keepPreviousData,
    refetchInterval: EVERY_MS,
    queryFn: () =>
      since(days, (startTime) =>
        answer(client.GET('/api/v2/ob/clusters/{id}/backup/storageUsages', { params: { path: { id }, query: { startTime } } })),
      ),
  });
  const storages = useMemo(() => storagesOf(usages.data?.samples ?? [], words.unnamed), [usages.data, words]);
  const shown = storages.find((storage) => storage.id === chosen) ?? storages[0];
  return (
    <section aria-labelledby={title}>
      <div className="chart-head">
        <h3 id={title}>{words.storage}</h3>
        <div className="chart-choices">
          {shown && storages.length > 1 ? (
            <Select
              size="small"
              aria-label={words.storageOf}
              value={shown.id}
              options={storages.map((storage) => ({ value: storage.id, label: storage.name }))}
              onChange={setChosen}
            />
          ) : null}
          <Period days={days} choices={PERIODS} onChange={setDays} />
        </div>
      </div>
      <Loaded query={usages}>
        {({ span }) => (shown ? <Usage storage={shown} span={span} /> : <Nothing text={words.storageEmpty} />)}
      </Loaded>
    </section>
  );
}

function Usage({ storage, span }: { storage: UsedStorage; span: [number, number] }) {
  const { state } = useLabels();
  const words = useChartWords();
  const lines = useMemo(() => usageLines(storage, words), [storage, words]);
  return (
    <Chart
      title={state.pair(words.storage, storage.name)}
      summary={usageSummary(storage, words)}
      lines={lines}
      span={span}
      farthest={farthestApart(span[1] - span[0], SAMPLED_EVERY)}
      measure={MEASURE}
      write={formatBytes}
      gapsHint={words.storageGaps}
    />
  );
}
