import type { components } from './schema';

type Schemas = components['schemas'];

export type Me = Schemas['MeView'];
export type Cluster = Schemas['ClusterView'];
export type Tenant = Schemas['ReadableTenantView'];
export type Database = Schemas['DatabaseView'];
export type Table = Schemas['TableView'];
export type NewCluster = Schemas['NewClusterBody'];
export type TestResult = Schemas['TestView'];
export type TestLine = Schemas['TestLineView'];
export type Ability = Schemas['AbilityView'];
export type Overview = Schemas['OverviewView'];
export type Alarm = Schemas['AlarmView'];
export type AllOverview = Schemas['AllOverviewView'];
export type ProtectedObject = Schemas['ProtectedObjectView'];
export type ClusterStanding = Schemas['ClusterStandingView'];
export type DataBackupTask = Schemas['DataBackupTaskView'];
export type BackupSet = Schemas['BackupSetView'];
export type Origin = Schemas['OriginView'];
export type SigningKeys = Schemas['SigningKeysView'];
export type BackupNow = Schemas['BackupNowBody'];
export type MissingObject = Schemas['MissingObjectView'];
export type NotMade = Schemas['NotMadeView'];
export type ObjectKind = Schemas['ObjectKind'];
export type BackupObject = Schemas['ObjectBody'];
export type BackupMode = Schemas['BackupMode'];
export type DataBackupMode = Schemas['DataBackupMode'];
export type Action = Schemas['ActionView'];
export type LogBackupTask = Schemas['LogBackupTaskView'];
export type LogDelay = Schemas['LogDelayView'];
export type StorageUsage = Schemas['StorageUsageView'];
export type Compaction = Schemas['CompactionView'];
export type Compactions = Schemas['CompactionsView'];
export type NextAction = Schemas['NextActionView'];
export type Plan = Schemas['PlanView'];
export type Restore = Schemas['RestoreBody'];
export type RestoreTask = Schemas['RestoreTaskView'];
export type TenantWindow = Schemas['TenantWindowView'];
export type RecoveryInterval = Schemas['IntervalView'];
export type Storage = Schemas['StorageView'];
export type StorageBase = Schemas['StorageBaseBody'];
export type StorageChoice = Schemas['StorageChoiceBody'];
export type StorageType = Schemas['StorageType'];
export type Strategy = Schemas['StrategyView'];
export type StrategyRun = Schemas['StrategyRunView'];
export type PlannedRun = Schemas['PlannedRunView'];
export type NewStrategy = Schemas['NewStrategyBody'];
export type StrategyChange = Schemas['StrategyChangeBody'];
export type Schedule = Schemas['ScheduleBody'];
export type ScheduleMode = Schemas['ScheduleMode'];
export type ScheduleCycle = Schemas['ScheduleCycle'];
export type ScheduleStatus = Schemas['BackupScheduleStatus'];
export type Task = Schemas['TaskView'];
export type TaskHead = Schemas['TaskHeadView'];
export type Subtask = Schemas['SubtaskView'];
export type Progress = Schemas['ProgressView'];
export type LogLine = Schemas['LogLineView'];
export type ErrorView = Schemas['ErrorView'];
export type Words = Schemas['Words'];
export type EventView = Schemas['EventView'];

/** One page of a list. */
export interface List<T> {
  contents: T[];
  page: { number: number; size: number; totalElements: number; totalPages: number };
}
