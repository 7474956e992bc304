/** The typed units of a new tenant in a zone. */
export interface UnitsWish {
  /** Whether the unit specification exists, or the recovery creates it. */
  spec: 'existing' | 'new';
  /** The name of an existing one. */
  name: string;
  /** CPUs of a new one. */
  cpu: number | null;
  /** Memory of a new one, in GiB. */
  memory: number | null;
  /** Log disk of a new one, in GiB; null for the default of the server. */
  logDisk: number | null;
}

/** The initial values. */
export const NO_UNITS: UnitsWish = { spec: 'existing', name: '', cpu: null, memory: null, logDisk: null };

const bytes = (gibibytes: number) => Math.round(gibibytes * 1024 ** 3);

/** Returns the resource pool of a zone in the API's format; undefined while a value is missing. */
export function poolOf({ spec, name, cpu, memory, logDisk }: UnitsWish, count: number) {
  if (spec === 'existing') return name.trim() ? { unitSpecName: name.trim(), unitCount: count } : undefined;
  if (cpu === null || memory === null) return undefined;
  const unitSpec = { cpu, memoryBytes: bytes(memory), ...(logDisk === null ? {} : { logDiskBytes: bytes(logDisk) }) };
  return { unitSpec, unitCount: count };
}

/** The typed units: the same in every zone, or those of each zone. */
export interface ZonesWish {
  isPerZone: boolean;
  /** The number of units in each zone. From 4.0 on it is the same in all zones. */
  count: number;
  /** The units of every zone, and the initial ones of each. */
  units: UnitsWish;
  /** The units that were typed for single zones. */
  ofZones: Record<string, UnitsWish>;
}

/** The initial values. */
export const NO_ZONES: ZonesWish = { isPerZone: false, count: 1, units: NO_UNITS, ofZones: {} };

/** Returns the units of a zone. */
export function unitsOf({ isPerZone, units, ofZones }: ZonesWish, zone: string): UnitsWish {
  return (isPerZone ? ofZones[zone] : undefined) ?? units;
}

/** Returns the resources of all zones in the API's format; undefined while a value is missing. */
export function zonesOf(wish: ZonesWish, zones: string[]) {
  const read = zones.map((name) => ({ name, resourcePool: poolOf(unitsOf(wish, name), wish.count) }));
  const complete = read.flatMap(({ name, resourcePool }) => (resourcePool ? [{ name, resourcePool }] : []));
  return complete.length > 0 && complete.length === zones.length ? complete : undefined;
}

/** Returns the units for a cluster of another generation: it may have no log disk. */
export function ofOtherGeneration({ count, units }: ZonesWish): ZonesWish {
  return { ...NO_ZONES, count, units: { ...units, logDisk: null } };
}
