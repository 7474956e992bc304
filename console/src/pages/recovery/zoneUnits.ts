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
  /** The number of units. */
  count: number;
}

/** The initial values. */
export const NO_UNITS: UnitsWish = { spec: 'existing', name: '', cpu: null, memory: null, logDisk: null, count: 1 };

const bytes = (gibibytes: number) => Math.round(gibibytes * 1024 ** 3);

/** Returns the resource pool of a zone in the API's format; undefined while a value is missing. */
export function poolOf({ spec, name, cpu, memory, logDisk, count }: UnitsWish) {
  if (spec === 'existing') return name.trim() ? { unitSpecName: name.trim(), unitCount: count } : undefined;
  if (cpu === null || memory === null) return undefined;
  const unitSpec = { cpu, memoryBytes: bytes(memory), ...(logDisk === null ? {} : { logDiskBytes: bytes(logDisk) }) };
  return { unitSpec, unitCount: count };
}

/** The typed units: the same in every zone, or those of each zone. */
export interface ZonesWish {
  isPerZone: boolean;
  /** The units of every zone, and the initial ones of each. */
  units: UnitsWish;
  /** The units that were typed for single zones. */
  ofZones: Record<string, UnitsWish>;
}

/** The initial values. */
export const NO_ZONES: ZonesWish = { isPerZone: false, units: NO_UNITS, ofZones: {} };

/** Returns the units of a zone. */
export function unitsOf({ isPerZone, units, ofZones }: ZonesWish, zone: string): UnitsWish {
  return (isPerZone ? ofZones[zone] : undefined) ?? units;
}

/** Returns the resources of all zones in the API's format; undefined while a value is missing. */
export function zonesOf(wish: ZonesWish, zones: string[]) {
  const read = zones.map((name) => ({ name, resourcePool: poolOf(unitsOf(wish, name)) }));
  const complete = read.flatMap(({ name, resourcePool }) => (resourcePool ? [{ name, resourcePool }] : []));
  return complete.length > 0 && complete.length === zones.length ? complete : undefined;
}

/** Returns the units for a cluster of another version and other zones: it may have no log disk. */
export function withoutZones({ units }: ZonesWish): ZonesWish {
  return { ...NO_ZONES, units: { ...units, logDisk: null } };
}
