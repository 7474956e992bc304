import { Pagination } from '@oceanbase/design';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import { useLabels } from '../../locales';
import { Loaded } from '../../parts/PageState';
import { AlarmList } from './AlarmList';
import { useAlarmWords } from './alarmWords';

/** How many alarms a page has. */
const SIZE = 20;

/** The recovered alarms of a cluster or of all, those that recovered last first. */
export function AlarmHistory({ cluster }: { cluster?: number | undefined }) {
  const words = useAlarmWords();
  const { state } = useLabels();
  const [page, setPage] = useState(1);
  const history = useQuery({
    queryKey: [...keys.alarms, 'history', cluster, page],
    queryFn: () =>
      answer(
        client.GET('/api/v2/alarm/alarms', {
          params: { query: { status: 'HISTORY', page, size: SIZE, ...(cluster === undefined ? {} : { clusterId: cluster }) } },
        }),
      ),
    placeholderData: keepPreviousData,
  });
  return (
    <Loaded query={history}>
      {({ contents, page: { totalElements } }) => (
        <>
          <AlarmList alarms={contents} none={words.noHistory} />
          {totalElements > SIZE ? (
            <Pagination size="small" current={page} pageSize={SIZE} total={totalElements} showSizeChanger={false} showTotal={state.total} onChange={setPage} />
          ) : null}
        </>
      )}
    </Loaded>
  );
}
