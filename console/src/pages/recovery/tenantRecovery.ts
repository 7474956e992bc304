import type { RecoveryInterval, Restore, TenantWindow } from '../../api/types';

/** How the moment of a recovery is told: a time or the latest moment, an SCN, or the end of a backup set. */
export type Until = 'time' | 'scn' | 'set';

/** What a tenant is recovered into, and to which moment, as it was typed. */
export interface TenantWish {
  /** How the moment is told. */
  until: Until;
  /** A time in the reader's zone, as the browser's field writes it; empty for the latest moment. */
  time: string;
  /** An SCN, as it was typed. */
  scn: string;
  /** The backup set at whose end the moment is. */
  set: number | undefined;
  /** The cluster to recover into. */
  cluster: number;
  /** The name of the new tenant. */
  name: string;
  /** Where the units come from. */
  resources: 'units' | 'pools';
  /** A unit specification, for a new pool in each zone. */
  unit: string;
  /** How many units in each zone. */
  count: number;
  /** Free pools, with commas between them. */
  pools: string;
  /** The zones in the order in which they lead; empty for the cluster's choice. */
  primaryZone: string;
  /** Whether the new tenant stays a standby. */
  isStandby: boolean;
  /** The password of encrypted backups; empty for none. */
  password: string;
}

/** Why a typed moment can't be recovered to. */
export interface MomentProblem {
  /** The nearest possible moments before and after it. */
  nearest: string[];
  /** What lies there, if it is known. */
  reason: string | undefined;
}

/** Reads the moment that was typed; nothing while it is no moment. */
export function momentOf(time: string): string | undefined {
  const moment = new Date(time);
  return Number.isNaN(moment.getTime()) ? undefined : moment.toISOString();
}

/** Says why a moment can't be recovered to; nothing when it can. */
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

/** Returns what is typed into the browser's field for a moment: the reader's own time, to the millisecond. */
export function fieldOf(moment: string): string {
  const at = new Date(moment);
  const two = (n: number) => String(n).padStart(2, '0');
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const milliseconds = String(at.getMilliseconds()).padStart(3, '0');
  return `${date}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${milliseconds}`;
}

/** Returns the moment as the request names it: nothing for the latest one, and `undefined` while it is not told. */
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

/** Tells whether what was typed can be an SCN. */
export function isScn(text: string): boolean {
  return /^[1-9]\d{0,18}$/.test(text.trim());
}

/** A backup set of a tenant that a recovery can end with. */
export interface EndSet {
  id: number;
  /** The earliest moment that the set itself can be recovered to. */
  end: string;
}

/** Returns the backup sets that a recovery can end with, the newest first. */
export function endSetsOf(window: TenantWindow): EndSet[] {
  return window.obRecoverableInfoAggregation.latestSevenDaysAggregation.obRecoverableSectionItems
    .flatMap(({ dataBackupRecoverableInfo: set }) => (set ? [{ id: set.backupSetId, end: set.recoverableTime }] : []))
    .sort((a, b) => b.id - a.id);
}

/** Returns the new tenant as the request describes it; nothing while something is missing. */
export function newTenantOf(wish: TenantWish, zones: string[]) {
  const pools = wish.pools.split(',').map((name) => name.trim()).filter(Boolean);
  const unit = wish.unit.trim();
  const hasResources = wish.resources === 'pools' ? pools.length > 0 : unit !== '' && zones.length > 0;
  if (!wish.name.trim() || !hasResources) return undefined;
  const resourcePool = { unitSpecName: unit, unitCount: wish.count };
  const resources = wish.resources === 'pools' ? { poolList: pools } : { zones: zones.map((name) => ({ name, resourcePool })) };
  return {
    name: wish.name.trim(),
    ...(wish.primaryZone.trim() ? { primaryZone: wish.primaryZone.trim() } : {}),
    ...(wish.isStandby ? { role: 'STANDBY' as const } : {}),
    ...resources,
  };
}

/** Returns the request; nothing while something is missing. */
export function tenantBody(
  wish: TenantWish,
  source: { cluster: number; tenant: number },
  zones: string[],
): Restore | undefined {
  const until = untilOf(wish);
  const newTenant = newTenantOf(wish, zones);
  if (!until || !newTenant) return undefined;
  return {
    backupTenantStatus: 'ONLINE',
    restoreOnlineTenantRequiredParam: {
      backupClusterId: source.cluster,
      backupTenantId: source.tenant,
      restoreClusterId: wish.cluster,
      ...until,
      ...(wish.password ? { passwords: [wish.password] } : {}),
      restoreTenantInfoParam: newTenant,
    },
  };
}

/** What a form begins with. */
export const NO_TENANT: TenantWish = {
  until: 'time',
  time: '',
  scn: '',
  set: undefined,
  cluster: 0,
  name: '',
  resources: 'units',
  unit: '',
  count: 1,
  pools: '',
  primaryZone: '',
  isStandby: false,
  password: '',
};
