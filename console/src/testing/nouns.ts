import type { Ability, BackupSet, Cluster, Strategy, StrategyRun, Subtask, Task } from '../api/types';

/** A cluster; a test passes the fields that differ from the defaults. */
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

/** What can be backed up of a cluster. */
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

/** A logical backup set. */
export function backupSet(part: Partial<BackupSet> = {}): BackupSet {
  return {
    backupSetId: 3,
    clusterId: 7,
    clusterName: 'prod',
    tenantId: 1001,
    obTenantId: 1001,
    tenantName: 'shop',
    backupMode: 'LOGICAL_BACKUP',
    dataBackupTaskType: 'FULL_BACKUP',
    status: 'AVAILABLE',
    storageId: 2,
    taskId: 11,
    path: 'prod/12/1001/logical/20261125T020000Z-1-1-9f3a',
    scn: '1795000000000000001',
    consistentTime: '2026-11-25T10:00:00.000+08:00',
    startTime: '2026-11-25T10:00:00.000+08:00',
    finishTime: '2026-11-25T10:00:05.000+08:00',
    tables: 3,
    rows: 9,
    bytes: 4096,
    leftOut: [],
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
    partial: false,
    leftOut: [],
    notMade: [],
    restoredTenants: [],
    creator: { name: 'eva' },
    cluster: { id: 7, name: 'prod' },
    createTime: '2026-11-25T10:00:00.000+08:00',
    subtasks: [],
    ...part,
  };
}

/** A strategy of the cluster: full each Sunday, incremental each Wednesday. */
export function strategy(part: Partial<Strategy> = {}): Strategy {
  return {
    strategyId: 5,
    clusterId: 7,
    clusterName: 'prod',
    backupDimension: 'CLUSTER',
    backupMode: 'PHYSICAL_BACKUP',
    owner: 'eva',
    backupScheduleStatus: 'NORMAL',
    secondaryBackupEnabled: false,
    cleanUpPaused: false,
    obBackupScheduleConfig: {
      backupScheduleMode: 'WEEK',
      backupScheduleEnabled: true,
      backupScheduleTime: '02:00:00.000',
      dayAndDataBackupModelMap: { 3: 'INCREMENTAL_BACKUP', 7: 'FULL_BACKUP' },
      scheduleZone: 'Asia/Shanghai',
      startLogBackup: true,
      restartInterruptedLogBackup: false,
      cleanEnabled: false,
    },
    obBackupThresholdConfig: { noSuccessfulDataBackupAlarmDays: 7, logBackupDelaySeconds: 3600 },
    obBackupServiceStorageConfig: {
      storageId: 3,
      configName: 'nightly',
      uri: 'file:///obbackup/',
      obBackupStorageBaseInfo: { backupStorageType: 'BACKUP_STORAGE_FILE', storageUrl: '/obbackup/' },
      createTime: '2026-11-25T10:00:00.000+08:00',
      alarmStoragePercentageThreshold: 80,
    },
    nextRun: {
      dueTime: '2026-11-29T02:00:00+08:00',
      startTime: '2026-11-29T02:00:00+08:00',
      zone: 'Asia/Shanghai',
      dataBackupMode: 'FULL_BACKUP',
      replacedRuns: 0,
    },
    lastRun: null,
    ...part,
  };
}

/** A successful run of a strategy. */
export function run(part: Partial<StrategyRun> = {}): StrategyRun {
  return {
    dueTime: '2026-11-25T02:00:00.000+08:00',
    plannedDataBackupMode: 'INCREMENTAL_BACKUP',
    dataBackupMode: 'INCREMENTAL_BACKUP',
    status: 'SUCCESSFUL',
    decideTime: '2026-11-25T02:00:03.000+08:00',
    finishTime: '2026-11-25T02:10:00.000+08:00',
    taskId: 12,
    ...part,
  };
}
