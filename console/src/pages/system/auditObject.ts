/** The object of a line in the audit log: its kind, its ID or name, and the address that shows it. */
export interface AuditObject {
  kind: 'cluster' | 'tenant' | 'task' | 'subtask' | 'storage' | 'strategy' | 'user' | 'key' | 'channel';
  name: string;
  /** The cluster that it belongs to. */
  cluster?: number;
  to?: string;
}

/** Reads an object of the audit log, such as `cluster/1/tenant/1002`; undefined for an unknown kind. */
export function auditObjectOf(object: string): AuditObject | undefined {
  const [kind, name = '', below, part = ''] = object.split('/');
  if (!name) return undefined;
  const isNumber = /^\d+$/.test(name);
  switch (kind) {
    case 'cluster':
      if (!isNumber) return undefined;
      if (below === 'tenant') return { kind: 'tenant', name: part, cluster: Number(name), to: `/clusters/${name}/tenants/${part}` };
      return { kind: 'cluster', name, cluster: Number(name), to: `/clusters/${name}` };
    case 'task':
      return below === 'subtask' ? { kind: 'subtask', name: part, to: `/tasks/${name}` } : { kind: 'task', name, to: `/tasks/${name}` };
    case 'storage':
      return { kind: 'storage', name, to: '/storages' };
    case 'strategy':
      return { kind: 'strategy', name };
    case 'user':
      return { kind: 'user', name: object.slice('user/'.length), to: '/system/accounts' };
    case 'channel':
      return { kind: 'channel', name: object.slice('channel/'.length), to: '/system/channels' };
    case 'signing-key':
    case 'trusted-key':
      return { kind: 'key', name: object.slice(kind.length + 1), to: '/system/signing-keys' };
    default:
      return undefined;
  }
}
