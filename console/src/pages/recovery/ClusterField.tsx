import { Form, Select } from '@oceanbase/design';

import type { Cluster } from '../../api/types';
import { useLabels } from '../../locales';
import { useAllClusters } from '../../parts/ClusterSelector';

interface ClusterFieldProps {
  cluster: number;
  /** The generation of the cluster that was backed up; undefined if only a storage is left. */
  generation?: Cluster['generation'] | undefined;
  onChange: (cluster: number) => void;
}

/** The target cluster of a recovery from physical backups: a running one of the same generation. */
export function ClusterField({ cluster, generation, onChange }: ClusterFieldProps) {
  const { recovery } = useLabels();
  const clusters = useAllClusters();
  const fits = (found: Cluster) =>
    (generation ? found.generation === generation : found.generation !== 'SEEKDB') && found.status === 'RUNNING';
  const options = clusters.data?.contents.filter(fits).map(({ id, name }) => ({ value: id, label: name }));
  return (
    <Form.Item label={recovery.destinationCluster} htmlFor="recovery-into">
      <Select id="recovery-into" value={cluster || undefined} options={options ?? []} onChange={onChange} />
    </Form.Item>
  );
}
