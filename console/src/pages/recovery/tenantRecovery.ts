import type { RecoveryInterval, Restore, TenantWindow } from '../../api/types';
import { completeSelection, onlyTablesOf } from './tables';
import { NO_ZONES, zonesOf, type ZonesWish } from './zoneUnits';

/** The form of the time of a recovery: a time or the latest time, an SCN, or the end of a backup set. */
export type Until = 'time' | 'scn' | 'set';

/** The typed target and time of a tenant recovery. */
export interface TenantWish {
  /** The form of the time. */
  until: Until;
  /** A time in the reader's zone, in the format of the browser's field; empty for the latest time. */
  time: string;
  /** An SCN, as it was typed. */
  scn: string;
  /** The backup set whose end is the time. */
  set: number | undefined;
  /** Whether the whole tenant is recovered as a new one, or tables of it into an existing one. */
  content: 'tenant' | 'tables';
  /** The typed tables and databases, one in each line. */
  objects: string;
  /** Before 4.0: the only tables of the new tenant, one in each line; empty for everything. */
  onlyTables: string;
  /** The cluster to recover into. */
  cluster: number;
  /** The name of the new tenant, or of the existing one to recover tables into. */
  name: string;
  /** The source of the units. */
  resources: 'units' | 'pools';
  /** The units, for a new pool in each zone. */
  zones: ZonesWish;
  /** Free pools, with commas between them. */
  pools: string;
  /** The primary zone; empty for the cluster's default. */
  primaryZone: string;
  /** Whether the new tenant stays a standby. */
  isStandby: boolean;
  /** The password of encrypted backups; empty for none. */
  password: string;
}

/** Why a typed time is not recoverable. */
export interface MomentProblem {
  /** The nearest recoverable times before and after it. */
  nearest: string[];
  /** The reason of the gap, if it is known. */
  reason: string | undefined;
}

/** Reads the typed time; undefined while it is not a valid time. */
export function momentOf(time: string): string | undefined {
  const moment = new Date(time);
  return Number.isNaN(moment.getTime()) ? undefined : moment.toISOString();
}

/** Returns why a time is not recoverable; undefined if it is. */
export function momentProblem(window: TenantWindow, moment: string): MomentProblem | undefined {
  const at = Date.parse(moment);
  const holds = ({ startTime, endTime }: RecoveryInterval) => Date.parse(startTime) <= at && at <= Date.parse(endTime);
  if (window.intervals.some(holds)) return undefined;
  const before = window.intervals.map(({ endTime }) => endTime).filter((end) => Date.parse(end) < at);
  const after = window.intervals.map(({ startTime }) => startTime).filter((start) => Date.parse(start) > at);
  const gap = window.gaps.find(({ afterTime, beforeTime }) => Date.parse(afterTime) < at && at < Date.parse(beforeTime));
  const latest = before.sort((a, b) => Date.parse(b) - Date.parse(a))[0];
  const earliest = after.sort((a, b) => Date.parse(a) - Date.parse(b))[0];
  return { nearest: [latest, earliest].filter((time) => time !== undefined), reason: gap?.message };
}

/** Returns a time in the format of the browser's field: in the reader's zone, to the millisecond. */
export function fieldOf(moment: string): string {
  const at = new Date(moment);
  const two = (n: number) => String(n).padStart(2, '0');
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const milliseconds = String(at.getMilliseconds()).padStart(3, '0');
  return `${date}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${milliseconds}`;
}

/**
 * Returns the time in the API's format: an empty object for the latest time, and `undefined` while it is incomplete.
 */
export function untilOf({ until, time, scn, set }: TenantWish) {
  switch (until) {
    case 'scn':
      return isScn(scn) ? { restoreScn: scn.trim() } : undefined;
    case 'set':
      return set === undefined ? undefined : { restoreBackupSetId: set };
    case 'time': {
      if (!time) return {};
      const moment = momentOf(time);
      return moment ? { restoreEndTime: moment } : undefined;
    }
  }
}

/** Returns whether a text can be an SCN. */
export function isScn(text: string): boolean {
  return /^[1-9]\d{0,18}$/.test(text.trim());
}

/** A backup set of a tenant to whose end a recovery is possible. */
export interface EndSet {
  id: number;
  /** The earliest recoverable time of the set itself. */
  end: string;
}

/** Returns the backup sets to whose end a recovery is possible, newest first. */
export function endSetsOf(window: TenantWindow): EndSet[] {
  return window.obRecoverableInfoAggregation.latestSevenDaysAggregation.obRecoverableSectionItems
    .flatMap(({ dataBackupRecoverableInfo: set }) => (set ? [{ id: set.backupSetId, end: set.recoverableTime }] : []))
    .sort((a, b) => b.id - a.id);
}

function poolsOf(wish: TenantWish): string[] {
  return wish.pools.split(',').map((name) => name.trim()).filter(Boolean);
}

/** Returns the existing tenant in the API's format; undefined while a value is missing. */
function oldTenantOf(wish: TenantWish) {
  const [name, poolList] = [wish.name.trim(), poolsOf(wish)];
  return name && poolList.length > 0 ? { name, poolList } : undefined;
}

/** Returns the new tenant in the API's format; undefined while a value is missing. */
export function newTenantOf(wish: TenantWish, zones: string[]) {
  const pools = poolsOf(wish);
  const inZones = zonesOf(wish.zones, zones);
  const resources = wish.resources === 'pools' ? pools.length > 0 && { poolList: pools } : inZones && { zones: inZones };
  if (!wish.name.trim() || !resources) return undefined;
  const tables = onlyTablesOf(wish.onlyTables);
  if (!tables) return undefined;
  return {
    name: wish.name.trim(),
    ...(wish.primaryZone.trim() ? { primaryZone: wish.primaryZone.trim() } : {}),
    ...(wish.isStandby ? { role: 'STANDBY' as const } : {}),
    ...(tables.length > 0 ? { tables } : {}),
    ...resources,
  };
}

/** Returns the request; undefined while a value is missing. */
export function tenantBody(
  wish: TenantWish,
  source: { cluster: number; tenant: number },
  zones: string[],
): Restore | undefined {
  const until = untilOf(wish);
  const isTables = wish.content === 'tables';
  const target = isTables ? oldTenantOf(wish) : newTenantOf(wish, zones);
  const selection = isTables ? completeSelection(wish.objects) : {};
  if (!until || !target || !selection) return undefined;
  return {
    backupTenantStatus: 'ONLINE',
    ...selection,
    restoreOnlineTenantRequiredParam: {
      backupClusterId: source.cluster,
      backupTenantId: source.tenant,
      restoreClusterId: wish.cluster,
      ...until,
      ...(wish.password ? { passwords: [wish.password] } : {}),
      restoreTenantInfoParam: target,
    },
  };
}

/** The initial values of a form. */
export const NO_TENANT: TenantWish = {
  until: 'time',
  time: '',
  scn: '',
  set: undefined,
  content: 'tenant',
  objects: '',
  onlyTables: '',
  cluster: 0,
  name: '',
  resources: 'units',
  zones: NO_ZONES,
  pools: '',
  primaryZone: '',
  isStandby: false,
  password: '',
};
