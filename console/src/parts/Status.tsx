import {
  CheckCircleFilled,
  ClockCircleOutlined,
  CloseCircleFilled,
  ExclamationCircleFilled,
  MinusCircleFilled,
  PieChartFilled,
  SyncOutlined,
} from '@oceanbase/icons';
import type { ReactNode } from 'react';

export type Tone = 'good' | 'bad' | 'busy' | 'warn' | 'partial' | 'quiet' | 'waiting';

const ICONS: Record<Tone, ReactNode> = {
  good: <CheckCircleFilled />,
  bad: <CloseCircleFilled />,
  busy: <SyncOutlined spin />,
  warn: <ExclamationCircleFilled />,
  partial: <PieChartFilled />,
  quiet: <MinusCircleFilled />,
  waiting: <ClockCircleOutlined />,
};

const TONES: Record<string, Tone> = {
  RUNNING: 'busy',
  SUCCESSFUL: 'good',
  FAILED: 'bad',
  CANCELING: 'warn',
  PENDING: 'waiting',
  READY: 'waiting',
  RESTORE_RUNNING: 'busy',
  RESTORE_SUCCESS: 'good',
  RESTORE_FAIL: 'bad',
  AVAILABLE: 'good',
  UNVERIFIED: 'warn',
  PARTIAL: 'partial',
  FOREIGN: 'warn',
  DELETING: 'quiet',
  DELETED: 'quiet',
  IDLE: 'good',
  COMPACTING: 'busy',
  ERROR: 'bad',
  NEVER: 'quiet',
  STOP: 'quiet',
  PREPARE: 'busy',
  BEGINNING: 'busy',
  DOING: 'good',
  SUSPENDING: 'warn',
  SUSPEND: 'warn',
  STOPPING: 'warn',
  INTERRUPTED: 'bad',
  NORMAL: 'good',
  PAUSED: 'quiet',
  WAITING: 'waiting',
  ABNORMAL: 'bad',
  MISSED: 'warn',
  PASSED: 'good',
  NOT_CHECKED: 'quiet',
};

/** Returns the tone of a status of the API. */
export function toneOf(state: string): Tone {
  return TONES[state] ?? 'quiet';
}

/** A status: a sign and its word, because colour alone is not accessible. */
export function Status({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={`status status-${tone}`}>
      <span aria-hidden="true" className="status-sign">
        {ICONS[tone]}
      </span>
      {children}
    </span>
  );
}
