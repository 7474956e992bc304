import { Button, Modal } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import type { Storage } from '../../api/types';
import { useLabels } from '../../locales';
import { Loaded } from '../../parts/PageState';
import { TestLines } from '../../parts/TestLines';
import { useReturnFocus } from '../../parts/useReturnFocus';

/** Tests a saved storage configuration, and shows the result. */
export function StorageTestModal({ storage, onClose }: { storage: Storage; onClose: () => void }) {
  useReturnFocus();
  const { storage: labels, actions } = useLabels();
  const test = useQuery({
    queryKey: ['storage-test', storage.storageId],
    queryFn: () =>
      answer(client.POST('/api/v2/backup/storages/{id}/test', { params: { path: { id: storage.storageId } } })),
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    retry: false,
  });
  return (
    <Modal
      open
      width={640}
      title={labels.testResult(storage.configName ?? storage.uri)}
      onCancel={onClose}
      footer={<Button onClick={onClose}>{actions.close}</Button>}
    >
      <Loaded query={test}>{(result) => <TestLines result={result} />}</Loaded>
    </Modal>
  );
}
