import type { ProtectedObject, Strategy } from '../../api/types';
import { strategyFor } from '../strategies/strategyFor';

/** The protection status: within the limit, past it, or without a full backup. */
export type Protection = 'GOOD' | 'LATE' | 'NONE';

/** The default limits: for a strategy without limits, and for objects without a strategy. */
const LOG_DELAY_S = 3600;
const DATA_DAYS = 1;

/** The possible data loss now: all data since the newest recoverable time. */
export interface Exposure {
  protection: Protection;
  /** The age of the newest recoverable time, in seconds; undefined without a full backup. */
  rpoSeconds: number | undefined;
}

/**
 * Determines the protection of an object from its backups. Logs count only with a full backup. The limit comes from the
 * strategy: its log delay if logs are backed up, otherwise its days without a successful data backup.
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

/** The filter by status: one status, or all rows that have a full backup. */
export type StateWish = Protection | 'BACKED_UP';

/** The filter of rows; an empty filter selects all. */
export interface RowWish {
  state?: StateWish | undefined;
  cluster?: number | undefined;
  name?: string | undefined;
}

/** Returns the rows that match the filter. A name is searched in the names of tenants and databases. */
export function wantedRows(rows: ProtectionRow[], { state, cluster, name }: RowWish): ProtectionRow[] {
  const needle = name?.trim().toLowerCase();
  return rows.filter(
    ({ object, protection }) =>
      (!state || (state === 'BACKED_UP' ? protection !== 'NONE' : protection === state)) &&
      (!cluster || object.clusterId === cluster) &&
      (!needle || `${object.tenantName} ${object.databaseName ?? ''}`.toLowerCase().includes(needle)),
  );
}

/** Counts the tenants by protection status. */
export function countTenants(rows: ProtectionRow[]): Record<Protection, number> {
  const counts = { GOOD: 0, LATE: 0, NONE: 0 };
  for (const { object, protection } of rows) if (typeof object.databaseName !== 'string') counts[protection] += 1;
  return counts;
}
