import { useMutation } from '@tanstack/react-query';
import { useNavigate } from 'react-router';

import { answer, client } from '../../api/client';
import type { Restore } from '../../api/types';

/** A recovery, and the cluster that it goes into. */
export interface RecoveryAsk {
  cluster: number;
  body: Restore;
}

/** Returns how a recovery is planned and started; one that was started leads to its task. */
export function useRecovery() {
  const navigate = useNavigate();
  const send = ({ cluster, body }: RecoveryAsk, dryRun: boolean) =>
    answer(
      client.POST('/api/v2/ob/clusters/{id}/backup/restore', {
        params: { path: { id: cluster } },
        body: { ...body, dryRun },
      }),
    );
  const start = useMutation({
    mutationFn: (ask: RecoveryAsk) => send(ask, false),
    onSuccess: ({ backupObjectOpsResultList: [first] }) => {
      const task = first?.taskIdList[0];
      void navigate(task === undefined ? '/tasks' : `/tasks/${task}`);
    },
  });
  const plan = useMutation({
    mutationFn: async (ask: RecoveryAsk) => (await send(ask, true)).plan ?? undefined,
  });
  return { start, plan };
}
