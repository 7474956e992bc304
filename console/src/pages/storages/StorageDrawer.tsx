import { App, Button, Drawer, Form, Input } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Storage } from '../../api/types';
import { useLabels } from '../../locales';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { TestLines } from '../../parts/TestLines';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { EMPTY_STORAGE, fromStorage, isComplete, toBase } from './draft';
import { StorageFields } from './StorageFields';

/** Creates or changes a storage configuration. */
export function StorageDrawer({ storage, onClose }: { storage: Storage | undefined; onClose: () => void }) {
  useReturnFocus();
  const { storage: labels, actions } = useLabels();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [name, setName] = useState(storage?.configName ?? '');
  const [draft, setDraft] = useState(storage ? fromStorage(storage) : EMPTY_STORAGE);

  const test = useMutation({
    mutationFn: () => answer(client.POST('/api/v2/backup/storages/test', { body: { obBackupStorageBaseInfo: toBase(draft) } })),
  });
  const save = useMutation({
    mutationFn: () => {
      const body = { configName: name.trim(), obBackupStorageBaseInfo: toBase(draft) };
      return storage
        ? answer(
            client.PATCH('/api/v2/backup/storages/{id}', { params: { path: { id: storage.storageId } }, body }),
          )
        : answer(client.POST('/api/v2/backup/storages', { body }));
    },
    onSuccess: () => {
      void message.success(labels.kept);
      void queries.invalidateQueries({ queryKey: keys.storages() });
      onClose();
    },
  });
  const isReady = Boolean(name.trim()) && isComplete(draft);
  return (
    <Drawer
      open
      width={560}
      title={storage ? labels.edit : labels.create}
      onClose={onClose}
      footer={
        <div className="drawer-foot">
          <Button onClick={onClose}>{actions.cancel}</Button>
          <Button disabled={!isComplete(draft)} loading={test.isPending} onClick={() => test.mutate()}>
            {actions.test}
          </Button>
          <Button type="primary" disabled={!isReady} loading={save.isPending} onClick={() => save.mutate()}>
            {actions.save}
          </Button>
        </div>
      }
    >
      <Form layout="vertical" component="div" requiredMark={false}>
        <Form.Item label={labels.name} htmlFor="storage-name">
          <Input
            id="storage-name"
            autoFocus
            maxLength={64}
            value={name}
            onChange={(event: React.ChangeEvent<HTMLInputElement>) => setName(event.target.value)}
          />
        </Form.Item>
        <StorageFields
          draft={draft}
          keepsSecret={Boolean(storage)}
          onChange={(changed) => {
            setDraft(changed);
            test.reset();
          }}
        />
      </Form>
      <div aria-live="polite" className="drawer-test">
        {test.data ? <TestLines result={test.data} /> : null}
        <ProblemAlert error={test.error ?? save.error} />
      </div>
    </Drawer>
  );
}
