import { SyncOutlined } from '@oceanbase/icons';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';

import { answer, client } from '../api/client';
import { keys } from '../api/keys';
import { useLabels } from '../locales';

/** The number of running tasks in the header of every page, with a link to them; nothing if none is running. */
export function RunningTasks() {
  const { frame } = useLabels();
  const running = useQuery({
    queryKey: keys.tasks('running'),
    queryFn: () => answer(client.GET('/api/v2/tasks/instances', { params: { query: { status: 'RUNNING', page: 1, size: 1 } } })),
  });
  const count = running.data?.page.totalElements ?? 0;
  if (count === 0) return null;
  return (
    <Link to="/tasks?status=RUNNING" className="head-running" aria-label={frame.running(count)} title={frame.running(count)}>
      <SyncOutlined spin aria-hidden="true" /> {count}
    </Link>
  );
}
