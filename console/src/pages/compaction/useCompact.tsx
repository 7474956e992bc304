import { App } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import { useLabels } from '../../locales';
import { useReport } from '../../parts/report';

/** Returns functions that start a compaction, and that clear the error of a stopped one; both need a confirmation. */
export function useCompact(id: number) {
  const { compaction, actions } = useLabels();
  const { modal } = App.useApp();
  const report = useReport();
  const queries = useQueryClient();
  const ask = { params: { path: { id } }, body: {} };
  const renew = () => void queries.invalidateQueries({ queryKey: keys.compaction(id) });
  const start = useMutation({
    mutationFn: () => answer(client.POST('/api/v2/ob/clusters/{id}/compaction/start', ask)),
    onSuccess: ({ backupObjectOpsResultList: [first] }) => report.begun(first?.taskIdList[0]),
    onError: report.failed,
    onSettled: renew,
  });
  const clear = useMutation({
    mutationFn: () => answer(client.POST('/api/v2/ob/clusters/{id}/compaction/clearExceptions', ask)),
    onSuccess: ({ tenantIdList }) => report.done(compaction.cleared(tenantIdList.length)),
    onError: report.failed,
    onSettled: renew,
  });
  return {
    isPending: start.isPending || clear.isPending,
    start: () =>
      void modal.confirm({
        title: compaction.initiateTitle,
        content: compaction.initiateText,
        okText: compaction.initiate,
        cancelText: actions.cancel,
        onOk: () => start.mutateAsync().catch(() => undefined),
      }),
    clear: () =>
      void modal.confirm({
        title: compaction.clearTitle,
        content: compaction.clearText,
        okText: compaction.clear,
        cancelText: actions.cancel,
        onOk: () => clear.mutateAsync().catch(() => undefined),
      }),
  };
}
