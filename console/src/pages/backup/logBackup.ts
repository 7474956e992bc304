import type { Cluster, LogBackupTask } from '../../api/types';

/** The actions of log backup. */
export type LogAction = 'start' | 'stop' | 'pause' | 'resume';

/** Returns the possible actions for a status of log backup; a pause exists since 4.0. */
export function actionsOf(status: LogBackupTask['status'], generation: Cluster['generation']): LogAction[] {
  const canPause = generation === 'GEN4';
  switch (status) {
    case 'NEVER':
    case 'STOP':
      return ['start'];
    case 'PREPARE':
    case 'BEGINNING':
    case 'DOING':
      return canPause ? ['pause', 'stop'] : ['stop'];
    case 'SUSPENDING':
    case 'SUSPEND':
      return ['resume', 'stop'];
    case 'INTERRUPTED':
      return ['stop'];
    case 'STOPPING':
      return [];
    default:
      return ['start', 'stop'];
  }
}
