import { Button, Form, Radio, Select } from '@oceanbase/design';
import { useMutation, useQuery } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import type { StorageChoice, TestResult } from '../../api/types';
import { useLabels } from '../../locales';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { TestLines } from '../../parts/TestLines';
import { storageQuery, storagesQuery } from '../storages/queries';
import { StorageFields } from '../storages/StorageFields';
import { toChoice, type StorageWish } from './draft';

/** The result of a storage test, and the tested values. */
export interface StorageTest {
  tested: string;
  result: TestResult;
}

interface StorageChooserProps {
  clusterId: number;
  wish: StorageWish;
  test: StorageTest | undefined;
  onChange: (wish: StorageWish) => void;
  onTested: (test: StorageTest) => void;
}

/** The storage of the backup: an existing configuration or a typed-in one, and its test. */
export function StorageChooser({ clusterId, wish, test, onChange, onTested }: StorageChooserProps) {
  const { storage, actions } = useLabels();
  const choice = toChoice(wish);
  const run = useMutation({
    mutationFn: (body: StorageChoice) =>
      answer(
        client.POST('/api/v2/ob/clusters/{id}/backup/storage/test', { params: { path: { id: clusterId } }, body }),
      ),
    onSuccess: (result, body) => onTested({ tested: JSON.stringify(body), result }),
  });
  const isAboutThis = test?.tested === JSON.stringify(choice);
  return (
    <>
      <Radio.Group
        className="choice"
        value={wish.kind}
        aria-label={storage.title}
        onChange={(event) => onChange({ ...wish, kind: event.target.value as StorageWish['kind'] })}
        options={[
          { value: 'saved', label: storage.saved },
          { value: 'typed', label: storage.typed },
        ]}
      />
      {wish.kind === 'saved' ? (
        <SavedStorages value={wish.savedId} onChange={(savedId) => onChange({ ...wish, savedId })} />
      ) : (
        <StorageFields draft={wish.typed} onChange={(typed) => onChange({ ...wish, typed })} />
      )}
      <Button disabled={!choice} loading={run.isPending} onClick={() => choice && run.mutate(choice)}>
        {actions.test}
      </Button>
      <div aria-live="polite" className="drawer-test">
        {isAboutThis && test && !run.isPending ? <TestLines result={test.result} /> : null}
        <ProblemAlert error={run.error} />
      </div>
    </>
  );
}

function SavedStorages({ value, onChange }: { value: number | undefined; onChange: (id: number) => void }) {
  const { storage, state } = useLabels();
  const storages = useQuery(storagesQuery);
  const isUnlisted = value !== undefined && storages.data?.contents.every(({ storageId }) => storageId !== value);
  // A storage that was typed in for an earlier task is the default if it was used last.
  const unlisted = useQuery({ ...storageQuery(value ?? 0), enabled: isUnlisted === true });
  const known = [...(storages.data?.contents ?? []), ...(isUnlisted && unlisted.data ? [unlisted.data] : [])];
  const options = known.map(({ storageId, configName, uri }) => ({
    value: storageId,
    label: `${configName ?? storage.unnamed} · ${uri}`,
  }));
  return (
    <Form.Item label={storage.existing} htmlFor="storage-existing">
      <Select
        id="storage-existing"
        value={options.some((option) => option.value === value) ? value : undefined}
        options={options}
        loading={storages.isPending || unlisted.isLoading}
        placeholder={storage.choose}
        showSearch
        notFoundContent={state.noMatches}
        optionFilterProp="label"
        onChange={onChange}
      />
    </Form.Item>
  );
}
