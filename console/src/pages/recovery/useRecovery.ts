import { useMutation } from '@tanstack/react-query';
import { useNavigate } from 'react-router';

import { answer, client } from '../../api/client';
import type { Restore } from '../../api/types';

/** A recovery and its target cluster. */
export interface RecoveryAsk {
  cluster: number;
  body: Restore;
}

/** Returns the mutations that plan and start a recovery. A started recovery opens the page of its task. */
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
