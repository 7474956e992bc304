import { App, Button } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { TaskHead } from '../../api/types';
import { useLabels } from '../../locales';
import { useReport } from '../../parts/report';
import { useTaskWords } from './words';

/** Returns whether a task can be retried: it failed or was cancelled, and was not rolled back. */
export function canRetry({ status, operation }: Pick<TaskHead, 'status' | 'operation'>): boolean {
  return status === 'FAILED' && operation !== 'ROLLBACK';
}

/** Retries the selected tasks after a confirmation. A refused one shows the reason; the others continue. */
export function BatchRetry({ tasks, onDone }: { tasks: TaskHead[]; onDone: () => void }) {
  const { tasks: labels, actions } = useLabels();
  const words = useTaskWords();
  const { modal } = App.useApp();
  const report = useReport();
  const queries = useQueryClient();
  const retry = useMutation({
    mutationFn: async (ids: number[]) => {
      let continued = 0;
      for (const id of ids) {
        try {
          await answer(client.POST('/api/v2/tasks/instances/{id}/retry', { params: { path: { id } } }));
          continued += 1;
        } catch (error) {
          report.failed(error);
        }
      }
      return continued;
    },
    onSuccess: (continued) => {
      if (continued > 0) report.done(words.retried(continued));
      onDone();
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: keys.tasks() }),
  });
  if (tasks.length === 0) return null;
  const ask = () =>
    void modal.confirm({
      title: words.retryTitle(tasks.length),
      content: labels.retryText,
      okText: labels.retry,
      cancelText: actions.cancel,
      onOk: () => retry.mutateAsync(tasks.map(({ id }) => id)),
    });
  return (
    <Button type="primary" loading={retry.isPending} onClick={ask}>
      {words.retrySelected(tasks.length)}
    </Button>
  );
}
