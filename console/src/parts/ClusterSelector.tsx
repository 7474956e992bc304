import { Select } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { useLocation, useNavigate } from 'react-router';

import { answer, client } from '../api/client';
import { keys } from '../api/keys';
import { useLabels } from '../locales';

const MOST = 2000;

/** Returns all clusters, as many as one answer may hold. */
export function useAllClusters() {
  return useQuery({
    queryKey: keys.clusters('all'),
    queryFn: () => answer(client.GET('/api/v2/ob/clusters', { params: { query: { page: 1, size: MOST } } })),
  });
}

/** Upper left: which cluster the page is about, and the way to another one. */
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
