import type {
  Ability,
  BackupMode,
  BackupNow,
  BackupObject,
  DataBackupMode,
  ObjectKind,
  StorageChoice,
  Strategy,
} from '../../api/types';
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
  /** Kinds of objects that the backup may be without. */
  without: ObjectKind[];
  /** Databases and tables that the backup may be without. */
  exclude: BackupObject[];
}

/** One of the library, or one that is typed in. */
export interface StorageWish {
  kind: 'saved' | 'typed';
  savedId: number | undefined;
  typed: StorageDraft;
}

/** What is filled in when the drawer opens: storage and method of the cluster's strategy, where it has one. */
export function firstDraft(clusterId: number, ability: Ability, strategy: Strategy | undefined): Draft {
  const savedId = ability.storageId ?? undefined;
  return {
    objects: [{ clusterId, backupDimension: 'CLUSTER' }],
    method: methodOf(ability, strategy),
    mode: 'FULL_BACKUP',
    storage: { kind: savedId === undefined ? 'typed' : 'saved', savedId, typed: EMPTY_STORAGE },
    autoCompaction: true,
    plusArchivelog: false,
    password: '',
    passwordAgain: '',
    compression: '',
    threads: null,
    without: [],
    exclude: [],
  };
}

function methodOf(ability: Ability, strategy: Strategy | undefined): BackupMode {
  if (!strategy || ability.backupAbility !== 'LOGICAL_AND_PHYSICAL') return ability.backupMode;
  const isOff = strategy.backupMode === 'LOGICAL_BACKUP' && Boolean(ability.logicalDisabled);
  return isOff ? ability.backupMode : strategy.backupMode;
}

/** Returns the one whole tenant that is chosen, if nothing else is. */
export function onlyTenant(objects: BackupObject[]): number | undefined {
  const [first] = objects;
  return objects.length === 1 && first?.backupDimension === 'TENANT' ? (first.tenantId ?? undefined) : undefined;
}

/** Tells whether a storage is the one of a strategy. */
export function isStorageOf({ kind, savedId }: StorageWish, strategy: Strategy | undefined): boolean {
  return kind === 'saved' && savedId !== undefined && savedId === strategy?.obBackupServiceStorageConfig.storageId;
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
    ...(isLogical && draft.without.length > 0 ? { without: draft.without } : {}),
    ...(isLogical && draft.exclude.length > 0 ? { exclude: draft.exclude } : {}),
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
