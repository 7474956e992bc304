import type { Storage, StorageBase, StorageType } from '../../api/types';

/** The values of the form for a storage. */
export interface StorageDraft {
  type: StorageType;
  url: string;
  endpoint: string;
  accessKeyId: string;
  accessKeySecret: string;
  appId: string;
}

export const EMPTY_STORAGE: StorageDraft = {
  type: 'BACKUP_STORAGE_FILE',
  url: '',
  endpoint: '',
  accessKeyId: '',
  accessKeySecret: '',
  appId: '',
};

/** Returns the draft with another kind, without the values that belong to the old kind. */
export function withType(draft: StorageDraft, type: StorageType): StorageDraft {
  if (type === draft.type) return draft;
  return { ...EMPTY_STORAGE, type };
}

/** Returns whether the draft is complete enough for a test. */
export function isComplete(draft: StorageDraft): boolean {
  if (!draft.url.trim()) return false;
  return draft.type === 'BACKUP_STORAGE_FILE' || Boolean(draft.accessKeyId.trim());
}

/** Returns the draft in the API's format: the field of the key depends on the kind of storage. */
export function toBase(draft: StorageDraft): StorageBase {
  const base = { backupStorageType: draft.type, storageUrl: draft.url.trim() };
  if (draft.type === 'BACKUP_STORAGE_FILE') return base;
  const key = {
    ...(draft.endpoint.trim() ? { endpoint: draft.endpoint.trim() } : {}),
    ...(draft.accessKeyId.trim() ? { accessKeyId: draft.accessKeyId.trim() } : {}),
    ...(draft.accessKeySecret ? { accessKeySecret: draft.accessKeySecret } : {}),
    ...(draft.appId.trim() ? { appId: draft.appId.trim() } : {}),
  };
  if (draft.type === 'BACKUP_STORAGE_OSS') return { ...base, ossAccessKey: key };
  if (draft.type === 'BACKUP_STORAGE_COS') return { ...base, cosAccessKey: key };
  return { ...base, s3AccessKey: key };
}

/** Returns a saved storage as a draft; the server never returns its secret. */
export function fromStorage({ obBackupStorageBaseInfo: base }: Storage): StorageDraft {
  const key = base.ossAccessKey ?? base.cosAccessKey ?? base.s3AccessKey;
  return {
    type: base.backupStorageType,
    url: base.storageUrl,
    endpoint: key?.endpoint ?? '',
    accessKeyId: key?.accessKeyId ?? '',
    accessKeySecret: '',
    appId: key?.appId ?? '',
  };
}
