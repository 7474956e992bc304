import type { Ability, Cluster, Subtask, Task } from '../api/types';

/** A cluster, with what a test is about in the place of the usual. */
export function cluster(part: Partial<Cluster> = {}): Cluster {
  return {
    id: 7,
    name: 'prod',
    addresses: ['192.0.2.10:2881'],
    user: 'root@sys',
    createTime: '2026-11-25T10:00:00.000+08:00',
    updateTime: '2026-11-25T10:00:00.000+08:00',
    deploymentMode: '1-1-1',
    generation: 'GEN3',
    obBackupAbility: 'PHYSICAL_BACKUP',
    obClusterId: 12,
    obClusterName: 'prod',
    obVersion: 'OceanBase 3.1.5',
    servers: [],
    status: 'RUNNING',
    zones: [],
    ...part,
  };
}

/** What a cluster lets be backed up. */
export function ability(part: Partial<Ability> = {}): Ability {
  return {
    backupAbility: 'PHYSICAL_BACKUP',
    backupMode: 'PHYSICAL_BACKUP',
    obDataBackupSupportAbility: {
      fullBackupEnabled: true,
      incrementBackupEnabled: true,
      canDoIncrementalBackup: false,
    },
    ...part,
  };
}

/** A step of a task. */
export function subtask(part: Partial<Subtask> = {}): Subtask {
  return {
    id: 1,
    name: 'Check cluster status',
    step: 'check-cluster-status',
    seriesId: 0,
    parallelIdx: -1,
    status: 'SUCCESSFUL',
    runTime: 1,
    skippable: false,
    skipped: false,
    undone: false,
    timeout: 60,
    nextActions: [],
    ...part,
  };
}

/** A task. */
export function task(part: Partial<Task> = {}): Task {
  return {
    id: 12,
    name: 'Back up prod physically',
    taskDefinitionId: 'backup-physical',
    type: 'MANUAL',
    status: 'FAILED',
    operation: 'EXECUTE',
    prohibitRollback: true,
    creator: { name: 'eva' },
    cluster: { id: 7, name: 'prod' },
    createTime: '2026-11-25T10:00:00.000+08:00',
    subtasks: [],
    ...part,
  };
}
