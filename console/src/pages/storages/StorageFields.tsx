import { Form, Input, Select } from '@oceanbase/design';

import type { StorageType } from '../../api/types';
import { useLabels } from '../../locales';
import { withType, type StorageDraft } from './draft';

interface StorageFieldsProps {
  draft: StorageDraft;
  /** Whether a secret is saved already; an empty field leaves it unchanged. */
  keepsSecret?: boolean;
  onChange: (draft: StorageDraft) => void;
}

/** The fields of a typed-in storage, which depend on its kind. */
export function StorageFields({ draft, keepsSecret = false, onChange }: StorageFieldsProps) {
  const { storage, words } = useLabels();
  const isFile = draft.type === 'BACKUP_STORAGE_FILE';
  const options = Object.entries(words.storageType).map(([value, label]) => ({ value, label }));
  const field = (name: Exclude<keyof StorageDraft, 'type'>) => ({
    id: `storage-${name}`,
    value: draft[name],
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => onChange({ ...draft, [name]: event.target.value }),
  });
  return (
    <>
      <Form.Item label={storage.type} htmlFor="storage-type">
        <Select
          id="storage-type"
          value={draft.type}
          options={options}
          onChange={(type: StorageType) => onChange(withType(draft, type))}
        />
      </Form.Item>
      <Form.Item
        label={storage.directory}
        htmlFor="storage-url"
        extra={isFile ? storage.directoryFile : storage.directoryBucket}
      >
        <Input {...field('url')} placeholder={isFile ? '/obbackup/' : 'bucket/dir'} />
      </Form.Item>
      {isFile ? null : (
        <>
          <Form.Item label={storage.endpoint} htmlFor="storage-endpoint" extra={storage.endpointHints[draft.type as keyof typeof storage.endpointHints]}>
            <Input {...field('endpoint')} autoComplete="off" />
          </Form.Item>
          <Form.Item label={storage.accessKeyId} htmlFor="storage-accessKeyId">
            <Input {...field('accessKeyId')} autoComplete="off" />
          </Form.Item>
          <Form.Item
            label={storage.accessKeySecret}
            htmlFor="storage-accessKeySecret"
            extra={keepsSecret ? storage.secretKept : undefined}
          >
            <Input.Password {...field('accessKeySecret')} autoComplete="new-password" />
          </Form.Item>
          {draft.type === 'BACKUP_STORAGE_COS' ? (
            <Form.Item label={storage.appId} htmlFor="storage-appId">
              <Input {...field('appId')} autoComplete="off" />
            </Form.Item>
          ) : null}
        </>
      )}
    </>
  );
}
