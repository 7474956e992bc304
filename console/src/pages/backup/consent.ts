import type { BackupObject, MissingObject } from '../../api/types';
import type { Draft } from './draft';

type Agreement = NonNullable<MissingObject['agreement']>;

/** Objects that one agreement covers; undefined agreement if only another privilege of the database user helps. */
export interface Omission {
  key: string;
  agreement: Agreement | undefined;
  objects: MissingObject[];
}

/** Groups the objects that would be left out by the required agreement, in the order of the list. */
export function omissions(objects: MissingObject[]): Omission[] {
  const all = new Map<string, Omission>();
  for (const object of objects) {
    const agreement = object.agreement ?? undefined;
    const key = keyOf(agreement, object);
    const known = all.get(key);
    if (known) known.objects.push(object);
    else all.set(key, { key, agreement, objects: [object] });
  }
  return [...all.values()];
}

function keyOf(agreement: Agreement | undefined, { kind, name, tenantName }: MissingObject): string {
  if (agreement?.without) return `without ${agreement.without}`;
  if (agreement?.exclude) return `exclude ${JSON.stringify(nameOf(agreement.exclude))}`;
  return `never ${tenantName} ${kind} ${name}`;
}

/** Returns the parts of an object's name. */
export function nameOf({ databaseName, tableName }: BackupObject): string[] {
  return [databaseName, tableName].filter((part) => typeof part === 'string');
}

function isSame(one: BackupObject, other: BackupObject): boolean {
  return JSON.stringify(nameOf(one)) === JSON.stringify(nameOf(other));
}

/** Returns whether the draft contains the agreement. */
export function isAgreed({ without, exclude }: Draft, agreement: Agreement | undefined): boolean {
  if (agreement?.without) return without.includes(agreement.without);
  const { exclude: object } = agreement ?? {};
  return Boolean(object) && exclude.some((other) => object && isSame(other, object));
}

/** Returns the draft's consent with this agreement added or removed. */
export function agree({ without, exclude }: Draft, agreement: Agreement, isGiven: boolean): Pick<Draft, 'without' | 'exclude'> {
  const { without: kind, exclude: object } = agreement;
  const others = {
    without: without.filter((other) => other !== kind),
    exclude: exclude.filter((other) => !object || !isSame(other, object)),
  };
  if (!isGiven) return others;
  return {
    without: kind ? [...others.without, kind] : others.without,
    exclude: object ? [...others.exclude, object] : others.exclude,
  };
}
