import { PlusOutlined } from '@oceanbase/icons';
import { Badge, Button, type TableProps } from '@oceanbase/design';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Channel } from '../../api/types';
import { useLabels } from '../../locales';
import { Section } from '../../parts/PageHead';
import { useReport } from '../../parts/report';
import { useAllClusters } from '../../parts/useAllClusters';
import { useDangerQuestion } from '../../parts/useDangerQuestion';
import { PagedTable } from '../backup/PagedTable';
import { ChannelDrawer } from './ChannelDrawer';
import { channelsQuery } from './channels';
import { ChannelTestModal } from './ChannelTestModal';
import { useChannelWords } from './channelWords';
import { Deliveries } from './Deliveries';

/** The channels that receive notices of alarms. */
export function Channels() {
  const words = useChannelWords();
  const [{ page, size }, setPage] = useState({ page: 1, size: 20 });
  const channels = useQuery({ ...channelsQuery(page, size), placeholderData: keepPreviousData });
  const [edited, setEdited] = useState<Channel | 'new'>();
  const [tested, setTested] = useState<Channel>();
  const [shown, setShown] = useState<Channel>();
  const columns = useColumns({ onEdit: setEdited, onTest: setTested, onShow: setShown });
  const create = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited('new')}>
      {words.create}
    </Button>
  );
  return (
    <>
      <Section title={words.title} aside={create}>
        <p className="quiet">{words.hint}</p>
        <PagedTable<Channel>
          query={channels}
          rowKey={({ id }) => String(id)}
          columns={columns}
          empty={words.none}
          onPage={(number, rows) => setPage({ page: number, size: rows })}
        />
      </Section>
      {edited ? <ChannelDrawer channel={edited === 'new' ? undefined : edited} onClose={() => setEdited(undefined)} /> : null}
      {tested ? <ChannelTestModal channel={tested} onClose={() => setTested(undefined)} /> : null}
      {shown ? <Deliveries channel={shown} onClose={() => setShown(undefined)} /> : null}
    </>
  );
}

interface Deeds {
  onEdit: (channel: Channel) => void;
  onTest: (channel: Channel) => void;
  onShow: (channel: Channel) => void;
}

function useColumns({ onEdit, onTest, onShow }: Deeds): TableProps<Channel>['columns'] {
  const words = useChannelWords();
  const { actions, backup } = useLabels();
  const steer = useSteer();
  const ruleOf = useRule();
  return [
    { title: words.name, dataIndex: 'name', fixed: 'left' },
    { title: words.kind, dataIndex: 'kind', render: (kind: Channel['kind']) => words.kinds[kind] },
    { title: words.receiver, dataIndex: 'endpoint', render: (endpoint: string, { email }) => <code>{email ? `${endpoint} → ${email.to.join(', ')}` : endpoint}</code> },
    { title: words.alarms, render: (_, channel) => ruleOf(channel) },
    {
      title: words.status,
      dataIndex: 'enabled',
      render: (enabled: boolean) => <Badge status={enabled ? 'success' : 'default'} text={enabled ? words.enabled : words.disabled} />,
    },
    {
      title: backup.actions,
      fixed: 'right',
      render: (_, channel) => (
        <span className="row-buttons">
          <RowButton text={actions.test} onClick={() => onTest(channel)} />
          <RowButton text={words.deliveries} onClick={() => onShow(channel)} />
          <RowButton text={actions.edit} onClick={() => onEdit(channel)} />
          <RowButton text={channel.enabled ? words.disable : words.enable} onClick={() => steer.toggle(channel)} />
          <RowButton text={actions.delete} onClick={() => steer.remove(channel)} />
        </span>
      ),
    },
  ];
}

function RowButton({ text, onClick }: { text: string; onClick: () => void }) {
  return (
    <Button type="link" size="small" className="link-button" onClick={onClick}>
      {text}
    </Button>
  );
}

/** Returns a function that describes which alarms a channel hears of. */
function useRule() {
  const words = useChannelWords();
  const { words: common } = useLabels();
  const clusters = useAllClusters();
  return ({ levels, clusterIds, recovered }: Channel) => {
    const level = levels.map((number) => common.alarmLevel[number === 1 ? 1 : 2]);
    const cluster = clusterIds.map((id) => clusters.data?.contents.find((known) => known.id === id)?.name ?? words.cluster(id));
    const limits = [...level, ...cluster];
    return [limits.length ? limits.join(', ') : words.allAlarms, recovered ? words.withRecovered : ''].filter(Boolean).join(' · ');
  };
}

/** Returns functions that disable, enable and delete a channel; the destructive ones need a confirmation. */
function useSteer() {
  const words = useChannelWords();
  const { actions } = useLabels();
  const ask = useDangerQuestion();
  const report = useReport();
  const queries = useQueryClient();
  const outcome = (done: string) => ({
    onSuccess: () => report.done(done),
    onError: report.failed,
    onSettled: () => queries.invalidateQueries({ queryKey: keys.channels }),
  });
  const enable = useMutation({
    mutationFn: ({ id, enabled }: Channel) =>
      answer(client.PATCH('/api/v2/alarm/channels/{id}', { params: { path: { id } }, body: { enabled: !enabled } })),
    ...outcome(words.saved),
  });
  const remove = useMutation({
    mutationFn: (id: number) => answer(client.DELETE('/api/v2/alarm/channels/{id}', { params: { path: { id } } })),
    ...outcome(words.deleted),
  });
  return {
    toggle: (channel: Channel) =>
      channel.enabled
        ? ask(words.disableTitle(channel.name), words.disableText, words.disable, () => enable.mutateAsync(channel))
        : enable.mutate(channel),
    remove: (channel: Channel) =>
      ask(words.deleteTitle(channel.name), words.deleteText, actions.delete, () => remove.mutateAsync(channel.id)),
  };
}
