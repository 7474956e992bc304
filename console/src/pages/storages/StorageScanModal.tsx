import { Button, Modal, Table } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import type { Storage } from '../../api/types';
import { useLabels } from '../../locales';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { Prose } from '../../parts/Prose';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { useStorageWords } from './words';

/** Scans a storage for logical backup sets, adds the missing ones to the catalogue, and lists the result. */
export function StorageScanModal({ storage, onClose }: { storage: Storage; onClose: () => void }) {
  useReturnFocus();
  const { actions, backup, signing } = useLabels();
  const words = useStorageWords();
  const queries = useQueryClient();
  const scan = useMutation({
    mutationFn: () =>
      answer(client.POST('/api/v2/backup/storages/{id}/scan', { params: { path: { id: storage.storageId } } })),
    // The added sets belong to clusters, whose cached answers are now old.
    onSuccess: ({ added }) => (added.length ? queries.invalidateQueries({ queryKey: ['cluster'] }) : undefined),
  });
  const found = scan.data;
  return (
    <Modal
      open
      width={760}
      title={words.scanOf(storage.configName ?? storage.uri)}
      onCancel={onClose}
      footer={
        <>
          <Button onClick={onClose}>{actions.close}</Button>
          {found ? null : (
            <Button type="primary" loading={scan.isPending} onClick={() => scan.mutate()}>
              {words.scan}
            </Button>
          )}
        </>
      }
    >
      <p className="quiet">{words.scanHint}</p>
      <ProblemAlert error={scan.error} />
      {found ? (
        <div aria-live="polite" data-testid="scan">
          <p>{words.scanFound(found.found, found.known, found.added.length, found.leftOut.length)}</p>
          {found.added.length ? (
            <Table
              size="small"
              rowKey="backupSetId"
              dataSource={found.added}
              pagination={found.added.length > 10 ? { pageSize: 10 } : false}
              scroll={{ x: 'max-content' }}
              columns={[
                { title: backup.setId, dataIndex: 'backupSetId' },
                { title: backup.directory, dataIndex: 'path', render: (path: string) => <code>{path}</code> },
                { title: signing.origin, dataIndex: ['origin', 'message'] },
              ]}
            />
          ) : null}
          {found.leftOut.length ? (
            <ul className="sentences">
              {found.leftOut.map(({ path, error }) => (
                <li key={path}>
                  <code>{path}</code>: <Prose text={error.message} />
                </li>
              ))}
            </ul>
          ) : null}
        </div>
      ) : null}
    </Modal>
  );
}
