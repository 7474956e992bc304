import { App } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { LogBackupTask } from '../../api/types';
import { useLabels } from '../../locales';
import { useReport } from '../../parts/report';
import type { LogAction } from './logBackup';

/** Returns a function that changes log backup of a tenant or of the whole cluster after a confirmation. */
export function useChangeLogBackup(id: number) {
  const { backup, actions } = useLabels();
  const { modal } = App.useApp();
  const report = useReport();
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: ({ action, row }: { action: LogAction; row: LogBackupTask | undefined }) => {
      // Tenant 1 stands for the whole cluster.
      const isWhole = row === undefined || row.tenantId === 1;
      const body = isWhole
        ? {}
        : { obBackupObjectList: [{ backupDimension: 'TENANT' as const, clusterId: id, tenantId: row.tenantId }] };
      const url = '/api/v2/ob/clusters/{id}/backup/logBackup/{action}';
      return answer(client.POST(url, { params: { path: { id, action } }, body }));
    },
    onSuccess: ({ backupObjectOpsResultList: [first] }) => report.begun(first?.taskIdList[0]),
    onError: report.failed,
    onSettled: () => void queries.invalidateQueries({ queryKey: keys.backups(id) }),
  });
  const ask = (action: LogAction, row?: LogBackupTask) =>
    void modal.confirm({
      title: backup.logActionTitle(backup.logActions[action], row?.tenantName),
      content: backup.logActionTexts[action],
      okText: backup.logActions[action],
      okButtonProps: { danger: action === 'stop' },
      cancelText: actions.cancel,
      onOk: () => change.mutateAsync({ action, row }).catch(() => undefined),
    });
  return { ask, isPending: change.isPending };
}
