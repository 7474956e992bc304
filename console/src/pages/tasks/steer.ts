import { App } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import { useLabels } from '../../locales';
import { useReport } from '../../parts/report';

type Wish =
  | { verb: 'retry' | 'cancel' | 'rollback' }
  | { verb: 'retry-subtask' | 'skip-subtask' | 'cancel-subtask'; subtask: number };

/** Sends a command to a task after a confirmation. */
export function useSteer(task: number) {
  const { actions } = useLabels();
  const { modal } = App.useApp();
  const report = useReport();
  const queries = useQueryClient();
  const send = useMutation({
    mutationFn: (wish: Wish) => call(task, wish),
    onSuccess: () => void queries.invalidateQueries({ queryKey: keys.task(task) }),
    onError: report.failed,
  });
  const ask = (wish: Wish, words: { title: string; text: string; ok: string; keep?: string; danger?: boolean }) =>
    void modal.confirm({
      title: words.title,
      content: words.text,
      okText: words.ok,
      okButtonProps: { danger: words.danger ?? false },
      cancelText: words.keep ?? actions.cancel,
      onOk: () => send.mutateAsync(wish).catch(() => undefined),
    });
  return { ask, send: (wish: Wish) => send.mutate(wish), isPending: send.isPending };
}

async function call(id: number, wish: Wish): Promise<unknown> {
  const params = { path: { id } };
  switch (wish.verb) {
    case 'retry':
      return answer(client.POST('/api/v2/tasks/instances/{id}/retry', { params }));
    case 'cancel':
      return answer(client.POST('/api/v2/tasks/instances/{id}/cancel', { params }));
    case 'rollback':
      return answer(client.POST('/api/v2/tasks/instances/{id}/rollback', { params }));
    default: {
      const one = { params: { path: { id, subtaskId: wish.subtask } } };
      if (wish.verb === 'retry-subtask') {
        return answer(client.POST('/api/v2/tasks/instances/{id}/subtasks/{subtaskId}/retry', one));
      }
      if (wish.verb === 'skip-subtask') {
        return answer(client.POST('/api/v2/tasks/instances/{id}/subtasks/{subtaskId}/skip', one));
      }
      return answer(client.POST('/api/v2/tasks/instances/{id}/subtasks/{subtaskId}/cancel', one));
    }
  }
}
