import { PlusOutlined } from '@oceanbase/icons';
import { App, Button, Table, type TableProps } from '@oceanbase/design';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Storage } from '../../api/types';
import { useLabels } from '../../locales';
import { later } from '../../parts/later';
import { MayButton } from '../../parts/MayButton';
import { Moment } from '../../parts/Moment';
import { PageHead, Section } from '../../parts/PageHead';
import { Loaded } from '../../parts/PageState';
import { useReport } from '../../parts/report';
import { useDangerQuestion } from '../../parts/useDangerQuestion';
import { useMay } from '../logon/me';
import { useStorageRecoveryWords } from '../recovery/storageRecoveryWords';
import { storagesQuery } from './queries';
import { StorageDrawer } from './StorageDrawer';
import { StorageScanModal } from './StorageScanModal';
import { StorageTestModal } from './StorageTestModal';
import { useStorageWords } from './words';

const RecoverFromStorageDrawer = later(async () => (await import('../recovery/RecoverFromStorageDrawer')).RecoverFromStorageDrawer);

/** The storage configurations. */
export default function StoragesPage() {
  const { storage } = useLabels();
  const may = useMay();
  const storages = useQuery(storagesQuery);
  const [open, setOpen] = useState<Storage | 'new'>();
  const [tested, setTested] = useState<Storage>();
  const [scanned, setScanned] = useState<Storage>();
  const [recovered, setRecovered] = useState<Storage>();
  const create = (
    <MayButton may={may.backUp} type="primary" icon={<PlusOutlined />} onClick={() => setOpen('new')}>
      {storage.create}
    </MayButton>
  );
  return (
    <>
      <PageHead title={storage.title}>{storages.data?.contents.length ? create : null}</PageHead>
      <Loaded query={storages}>
        {({ contents }) =>
          contents.length ? (
            <Section>
              <StorageTable storages={contents} onEdit={setOpen} onTest={setTested} onScan={setScanned} onRecover={setRecovered} />
            </Section>
          ) : (
            <section className="section welcome">
              <h2>{storage.emptyTitle}</h2>
              <p className="quiet">{storage.emptyText}</p>
              {create}
            </section>
          )
        }
      </Loaded>
      {open ? <StorageDrawer storage={open === 'new' ? undefined : open} onClose={() => setOpen(undefined)} /> : null}
      {tested ? <StorageTestModal storage={tested} onClose={() => setTested(undefined)} /> : null}
      {scanned ? <StorageScanModal storage={scanned} onClose={() => setScanned(undefined)} /> : null}
      {recovered ? <RecoverFromStorageDrawer storage={recovered} onClose={() => setRecovered(undefined)} /> : null}
    </>
  );
}

interface StorageTableProps {
  storages: Storage[];
  onEdit: (storage: Storage) => void;
  onTest: (storage: Storage) => void;
  onScan: (storage: Storage) => void;
  onRecover: (storage: Storage) => void;
}

function StorageTable({ storages, onEdit, onTest, onScan, onRecover }: StorageTableProps) {
  const { storage: labels, words, actions, backup } = useLabels();
  const own = useStorageWords();
  const recovery = useStorageRecoveryWords();
  const may = useMay();
  const remove = useRemove();
  const columns: TableProps<Storage>['columns'] = [
    {
      title: labels.name,
      fixed: 'left',
      dataIndex: 'configName',
      render: (name?: string | null) => name ?? <span className="quiet">{labels.unnamed}</span>,
    },
    {
      title: labels.type,
      render: (_, { obBackupStorageBaseInfo: base }) => words.storageType[base.backupStorageType],
    },
    { title: labels.directory, dataIndex: 'uri', render: (uri: string) => <code>{uri}</code> },
    { title: labels.created, dataIndex: 'createTime', render: (at: string) => <Moment at={at} /> },
    {
      title: backup.actions,
      fixed: 'right',
      render: (_, storage) =>
        may.backUp ? (
          <span className="row-buttons">
            <Button type="link" size="small" className="link-button" onClick={() => onTest(storage)}>
              {actions.test}
            </Button>
            <Button type="link" size="small" className="link-button" onClick={() => onScan(storage)}>
              {own.scan}
            </Button>
            <Button type="link" size="small" className="link-button" onClick={() => onRecover(storage)}>
              {recovery.open}
            </Button>
            {storage.configName ? (
              <Button type="link" size="small" className="link-button" onClick={() => onEdit(storage)}>
                {actions.edit}
              </Button>
            ) : null}
            <Button type="link" size="small" className="link-button" onClick={() => remove(storage)}>
              {actions.delete}
            </Button>
          </span>
        ) : null,
    },
  ];
  return (
    <Table<Storage>
      size="small"
      rowKey="storageId"
      columns={columns}
      dataSource={storages}
      scroll={{ x: 'max-content' }}
      pagination={storages.length > 20 ? { pageSize: 20 } : false}
    />
  );
}

/** Returns a function that deletes a configuration after a confirmation. */
function useRemove() {
  const { storage: labels, actions } = useLabels();
  const ask = useDangerQuestion();
  const { message } = App.useApp();
  const report = useReport();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: (id: number) => answer(client.DELETE('/api/v2/backup/storages/{id}', { params: { path: { id } } })),
    onSuccess: () => {
      void message.success(labels.deleted);
      void queries.invalidateQueries({ queryKey: keys.storages() });
    },
    onError: report.failed,
  });
  return (storage: Storage) =>
    ask(labels.deleteTitle(storage.configName ?? storage.uri), labels.deleteText, actions.delete, () =>
      remove.mutateAsync(storage.storageId),
    );
}
