import { Select } from '@oceanbase/design';
import { useLocation, useNavigate } from 'react-router';

import { useLabels } from '../locales';
import { useAllClusters } from './useAllClusters';

export { useAllClusters };

/** The selector at the upper left: the cluster of the page, and links to the others. */
export function ClusterSelector({ id }: { id: number }) {
  const { frame, state } = useLabels();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const clusters = useAllClusters();
  const options = clusters.data?.contents.map((cluster) => ({ value: cluster.id, label: cluster.name })) ?? [];
  return (
    <Select
      className="sider-selector"
      aria-label={frame.switchCluster}
      value={clusters.data ? id : undefined}
      loading={clusters.isPending}
      options={options}
      showSearch
      notFoundContent={state.noMatches}
      optionFilterProp="label"
      popupMatchSelectWidth={false}
      onChange={(wish: number) => void navigate(pathname.replace(/^\/clusters\/\d+/, `/clusters/${wish}`))}
    />
  );
}
