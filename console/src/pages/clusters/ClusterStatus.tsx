import type { Cluster } from '../../api/types';
import { useLabels } from '../../locales';
import { Status, type Tone } from '../../parts/Status';

const TONES: Record<Cluster['status'], Tone> = { RUNNING: 'good', UPGRADING: 'warn', UNAVAILABLE: 'bad' };

/** Whether a cluster answers. */
export function ClusterStatus({ status }: { status: Cluster['status'] }) {
  const { words } = useLabels();
  return <Status tone={TONES[status]}>{words.clusterStatus[status]}</Status>;
}
