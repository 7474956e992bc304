import { Drawer, type TableProps } from '@oceanbase/design';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import type { Channel, Notice } from '../../api/types';
import { Moment } from '../../parts/Moment';
import { WordsAlert } from '../../parts/ProblemAlert';
import { Prose } from '../../parts/Prose';
import { Status, type Tone } from '../../parts/Status';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { PagedTable } from '../backup/PagedTable';
import { deliveriesQuery } from './channels';
import { useChannelWords } from './channelWords';

const TONES: Record<Notice['status'], Tone> = { WAITING: 'waiting', DELIVERED: 'good', FAILED: 'bad', SKIPPED: 'quiet' };

/** The notices of a channel and their fate. */
export function Deliveries({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  useReturnFocus();
  const words = useChannelWords();
  const [{ page, size }, setPage] = useState({ page: 1, size: 20 });
  const notices = useQuery({ ...deliveriesQuery(channel.id, page, size), placeholderData: keepPreviousData });
  const columns: TableProps<Notice>['columns'] = [
    { title: words.number, dataIndex: 'id' },
    {
      title: words.event,
      render: (_, { event, alarmId }) => (typeof alarmId === 'number' ? `${words.events[event]} · ${words.alarm(alarmId)}` : words.events[event]),
    },
    {
      title: words.status,
      dataIndex: 'status',
      render: (status: Notice['status']) => <Status tone={TONES[status]}>{words.statuses[status]}</Status>,
    },
    { title: words.tries, dataIndex: 'tries' },
    { title: words.written, dataIndex: 'createTime', render: (at: string) => <Moment at={at} /> },
    { title: words.next, dataIndex: 'dueTime', render: (at?: string | null) => (at ? <Moment at={at} /> : null) },
    { title: words.finished, dataIndex: 'finishTime', render: (at?: string | null) => (at ? <Moment at={at} /> : null) },
    { title: words.lastError, render: (_, { problem }) => (problem ? <Prose text={problem.message} /> : null) },
  ];
  return (
    <Drawer open width={960} title={words.deliveriesOf(channel.name)} onClose={onClose}>
      <PagedTable<Notice>
        query={notices}
        rowKey={({ id }) => String(id)}
        columns={columns}
        empty={words.noDeliveries}
        expandable={{
          rowExpandable: ({ problem }) => Boolean(problem),
          expandedRowRender: ({ problem }) => (problem ? <WordsAlert words={problem} /> : null),
        }}
        onPage={(number, rows) => setPage({ page: number, size: rows })}
      />
      <p className="quiet">{words.deliveriesHint}</p>
    </Drawer>
  );
}
