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

/** The values of the form for a backup. */
export interface Draft {
  objects: BackupObject[];
  method: BackupMode;
  mode: DataBackupMode;
  storage: StorageWish;
  autoCompaction: boolean;
  plusArchivelog: boolean;
  /** Whether the database may delete backups in another storage by the delete policy of a user. */
  acceptDeletions: boolean;
  password: string;
  passwordAgain: string;
  compression: string;
  threads: number | null;
  /** The kinds of objects that the backup may leave out. */
  without: ObjectKind[];
  /** The databases and tables that the backup may leave out. */
  exclude: BackupObject[];
}

/** A saved storage configuration, or a typed-in storage. */
export interface StorageWish {
  kind: 'saved' | 'typed';
  savedId: number | undefined;
  typed: StorageDraft;
}

/** Returns the initial values of the drawer: storage and method come from the cluster's strategy, if it has one. */
export function firstDraft(clusterId: number, ability: Ability, strategy: Strategy | undefined): Draft {
  const savedId = ability.storageId ?? undefined;
  return {
    objects: [{ clusterId, backupDimension: 'CLUSTER' }],
    method: methodOf(ability, strategy),
    mode: 'FULL_BACKUP',
    storage: { kind: savedId === undefined ? 'typed' : 'saved', savedId, typed: EMPTY_STORAGE },
    autoCompaction: true,
    plusArchivelog: false,
    acceptDeletions: false,
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

/** Returns the selected tenant, if exactly one whole tenant is selected. */
export function onlyTenant(objects: BackupObject[]): number | undefined {
  const [first] = objects;
  return objects.length === 1 && first?.backupDimension === 'TENANT' ? (first.tenantId ?? undefined) : undefined;
}

/** Returns whether a storage is that of a strategy. */
export function isStorageOf({ kind, savedId }: StorageWish, strategy: Strategy | undefined): boolean {
  return kind === 'saved' && savedId !== undefined && savedId === strategy?.obBackupServiceStorageConfig.storageId;
}

/** Returns the storage in the API's format; undefined while it is incomplete. */
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

function physicalOptions({ autoCompaction, plusArchivelog, acceptDeletions, password }: Draft): Partial<BackupNow> {
  return { autoCompaction, plusArchivelog, ...(acceptDeletions ? { acceptDeletions } : {}), ...(password ? { encryption: { password } } : {}) };
}

/** Returns whether both typed encryption passwords are the same, if there is one. */
export function isPasswordSure({ method, password, passwordAgain }: Draft): boolean {
  return method === 'LOGICAL_BACKUP' || password === passwordAgain;
}

/** A problem of the selected objects. */
export type ObjectFault = 'nothing' | 'two-tenants';

/** Checks the selected objects like the server, so that the form can show the problem at once. */
export function faultOf(objects: BackupObject[]): ObjectFault | undefined {
  if (objects.length === 0) return 'nothing';
  const hasParts = objects.some(({ backupDimension: kind }) => kind === 'DATABASE' || kind === 'TABLE');
  const hasTenants = objects.some(({ backupDimension: kind }) => kind === 'TENANT');
  const tenants = new Set(objects.map((object) => object.tenantId));
  return hasParts && (hasTenants || tenants.size > 1) ? 'two-tenants' : undefined;
}
