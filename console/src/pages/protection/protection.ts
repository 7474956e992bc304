import type { ProtectedObject, Strategy } from '../../api/types';
import { strategyFor } from '../strategies/strategyFor';

/** How well something is protected: within its limit, past it, or without a full backup. */
export type Protection = 'GOOD' | 'LATE' | 'NONE';

/** The limits of a strategy that names none, and of what has no strategy. */
const LOG_DELAY_S = 3600;
const DATA_DAYS = 1;

/** What could be lost now: everything since the newest moment that can be recovered. */
export interface Exposure {
  protection: Protection;
  /** The age of the newest moment that can be recovered, in seconds; nothing without a full backup. */
  rpoSeconds: number | undefined;
}

/**
 * Judges an object by its backups. Logs count from a full backup on. The limit is the strategy's: its log delay where
 * logs are backed up, else its days without a successful data backup.
 */
export function exposureOf({ full, incremental, log }: ProtectedObject, strategy: Strategy | undefined): Exposure {
  if (!full) return { protection: 'NONE', rpoSeconds: undefined };
  const ofData = Math.min(full.ageSeconds, incremental?.ageSeconds ?? Infinity);
  const ofLogs = log?.ageSeconds ?? Infinity;
  const rpoSeconds = Math.min(ofData, ofLogs);
  const limits = strategy?.obBackupThresholdConfig;
  const limit = log?.running
    ? (limits?.logBackupDelaySeconds ?? LOG_DELAY_S)
    : (limits?.noSuccessfulDataBackupAlarmDays ?? DATA_DAYS) * 86_400;
  return { protection: rpoSeconds <= limit ? 'GOOD' : 'LATE', rpoSeconds };
}

/** A row of the table. */
export interface ProtectionRow extends Exposure {
  key: string;
  object: ProtectedObject;
  strategy: Strategy | undefined;
}

/** Returns a row for each object, with the strategy that backs it up. */
export function protectionRows(objects: ProtectedObject[], strategies: Strategy[]): ProtectionRow[] {
  return objects.map((object) => {
    const strategy = strategyFor(
      strategies.filter(({ clusterId }) => clusterId === object.clusterId),
      object.tenantId,
    );
    const key = [object.clusterId, object.tenantId, object.databaseName ?? ''].join('\u0000');
    return { key, object, strategy, ...exposureOf(object, strategy) };
  });
}

/** What rows are wanted: of one state, or all that have a full backup. */
export type StateWish = Protection | 'BACKED_UP';

/** What rows are wanted; an empty wish takes all. */
export interface RowWish {
  state?: StateWish | undefined;
  cluster?: number | undefined;
  name?: string | undefined;
}

/** Returns the rows that fit. A name is sought in those of tenants and databases. */
export function wantedRows(rows: ProtectionRow[], { state, cluster, name }: RowWish): ProtectionRow[] {
  const needle = name?.trim().toLowerCase();
  return rows.filter(
    ({ object, protection }) =>
      (!state || (state === 'BACKED_UP' ? protection !== 'NONE' : protection === state)) &&
      (!cluster || object.clusterId === cluster) &&
      (!needle || `${object.tenantName} ${object.databaseName ?? ''}`.toLowerCase().includes(needle)),
  );
}

/** Counts the tenants by how well they are protected. */
export function countTenants(rows: ProtectionRow[]): Record<Protection, number> {
  const counts = { GOOD: 0, LATE: 0, NONE: 0 };
  for (const { object, protection } of rows) if (typeof object.databaseName !== 'string') counts[protection] += 1;
  return counts;
}
