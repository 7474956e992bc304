import { Outlet, useParams } from 'react-router';

import { NotFound } from './PageState';

/** The pages whose address contains an ID; without a number there is no such page. */
export function Numbered() {
  const { clusterId, taskId, tenantId } = useParams();
  const numbers = [clusterId, taskId, tenantId].filter((number) => number !== undefined);
  const isNumbered = numbers.length > 0 && numbers.every((number) => /^[1-9]\d{0,15}$/.test(number));
  return isNumbered ? <Outlet /> : <NotFound />;
}
