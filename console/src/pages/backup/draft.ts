import type { Ability, BackupMode, BackupNow, BackupObject, DataBackupMode, StorageChoice } from '../../api/types';
import { EMPTY_STORAGE, isComplete, toBase, type StorageDraft } from '../storages/draft';

/** A backup as it is put together in the drawer. */
export interface Draft {
  objects: BackupObject[];
  method: BackupMode;
  mode: DataBackupMode;
  storage: StorageWish;
  autoCompaction: boolean;
  plusArchivelog: boolean;
  password: string;
  passwordAgain: string;
  compression: string;
  threads: number | null;
}

/** One of the library, or one that is typed in. */
export interface StorageWish {
  kind: 'saved' | 'typed';
  savedId: number | undefined;
  typed: StorageDraft;
}

/** What is filled in when the drawer opens. */
export function firstDraft(clusterId: number, ability: Ability): Draft {
  const savedId = ability.storageId ?? undefined;
  return {
    objects: [{ clusterId, backupDimension: 'CLUSTER' }],
    method: ability.backupMode,
    mode: 'FULL_BACKUP',
    storage: { kind: savedId === undefined ? 'typed' : 'saved', savedId, typed: EMPTY_STORAGE },
    autoCompaction: true,
    plusArchivelog: false,
    password: '',
    passwordAgain: '',
    compression: '',
    threads: null,
  };
}

/** Returns the storage as the wire takes it; nothing while it is incomplete. */
export function toChoice({ kind, savedId, typed }: StorageWish): StorageChoice | undefined {
  if (kind === 'saved') return savedId === undefined ? undefined : { storageId: savedId };
  return isComplete(typed) ? { obBackupStorageBaseInfo: toBase(typed) } : undefined;
}

/** Returns the request, for a plan or for the backup itself. */
export function toBody(draft: Draft, dryRun: boolean): BackupNow {
  const choice = toChoice(draft.storage);
  const isLogical = draft.method === 'LOGICAL_BACKUP';
  return {
    backupMode: draft.method,
    dataBackupMode: draft.mode,
    obBackupObjectList: draft.objects,
    dryRun,
    ...(choice ? { obBackupServiceStorageConfig: choice } : {}),
    ...(isLogical ? {} : physicalOptions(draft)),
    ...(isLogical && draft.compression ? { compression: draft.compression } : {}),
    ...(isLogical && draft.threads ? { threads: draft.threads } : {}),
  };
}

function physicalOptions({ autoCompaction, plusArchivelog, password }: Draft): Partial<BackupNow> {
  return { autoCompaction, plusArchivelog, ...(password ? { encryption: { password } } : {}) };
}

/** Tells whether the encryption password was typed the same way twice, where there is one. */
export function isPasswordSure({ method, password, passwordAgain }: Draft): boolean {
  return method === 'LOGICAL_BACKUP' || password === passwordAgain;
}

/** What is wrong with the chosen objects, if something is. */
export type ObjectFault = 'nothing' | 'two-tenants';

/** Judges the chosen objects as the server would, so that the fault shows where it is made. */
export function faultOf(objects: BackupObject[]): ObjectFault | undefined {
  if (objects.length === 0) return 'nothing';
  const hasParts = objects.some(({ backupDimension: kind }) => kind === 'DATABASE' || kind === 'TABLE');
  const hasTenants = objects.some(({ backupDimension: kind }) => kind === 'TENANT');
  const tenants = new Set(objects.map((object) => object.tenantId));
  return hasParts && (hasTenants || tenants.size > 1) ? 'two-tenants' : undefined;
}
