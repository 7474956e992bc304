import type { Cluster } from '../../api/types';
import { useLabels } from '../../locales';
import { Ago } from '../../parts/Ago';
import { Status, type Tone } from '../../parts/Status';
import { useAlarms } from '../alarms/useAlarms';
import { lookOf } from './look';

const TONES: Record<Cluster['status'], Tone> = { RUNNING: 'good', UPGRADING: 'warn', UNAVAILABLE: 'bad' };

/** Whether a cluster answers, as far as known; an old status is shown with its age. */
export function ClusterStatus({ cluster }: { cluster: Cluster }) {
  const { words, state } = useLabels();
  const { status, isOld } = lookOf(cluster, useAlarms().data);
  const age = (
    <span className="quiet">
      {state.lastAsked} <Ago at={cluster.updateTime} />
    </span>
  );
  if (isOld && status !== 'UNAVAILABLE') {
    return (
      <>
        <Status tone="quiet">{state.unknown}</Status> {age}
      </>
    );
  }
  return (
    <>
      <Status tone={TONES[status]}>{words.clusterStatus[status]}</Status> {status === 'UNAVAILABLE' ? age : null}
    </>
  );
}
