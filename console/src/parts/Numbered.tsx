import { Outlet, useParams } from 'react-router';

import { NotFound } from './PageState';

/** The pages whose address names something by its number; there is no page where no number stands. */
export function Numbered() {
  const { clusterId, taskId } = useParams();
  const number = clusterId ?? taskId ?? '';
  return /^[1-9]\d{0,15}$/.test(number) ? <Outlet /> : <NotFound />;
}
