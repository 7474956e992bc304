import { App } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { keys } from '../../api/keys';
import type { Strategy } from '../../api/types';
import { useLabels } from '../../locales';
import { useReport } from '../../parts/report';
import { namedObject, scopeOf, strategyCalls } from './scope';

/** What can be done to a strategy with one press. */
export type Steer = 'pause' | 'resume' | 'remove';

/** Returns how a strategy is paused, resumed or deleted, each after asking and saying what it means. */
export function useSteer() {
  const labels = useLabels();
  const { strategy: words, actions } = labels;
  const { modal } = App.useApp();
  const report = useReport();
  const queries = useQueryClient();
  const refresh = useRefreshStrategies();
  // At once, so that nothing asks for what is gone.
  const forget = ({ clusterId, strategyId }: Strategy) =>
    queries.setQueryData<Strategy[]>(keys.strategies(clusterId), (was) => was?.filter((each) => each.strategyId !== strategyId));
  const steer = useMutation({
    mutationFn: ({ strategy, action }: { strategy: Strategy; action: Steer }) => strategyCalls(scopeOf(strategy))[action](),
    onSuccess: (_, { strategy, action }) => {
      report.done({ pause: words.paused, resume: words.resumed, remove: words.deleted }[action]);
      if (action === 'remove') forget(strategy);
    },
    onError: report.failed,
    onSettled: (_, error, { strategy, action }) => refresh(strategy.clusterId, action === 'remove' && !error ? strategy : undefined),
  });
  const ask = (strategy: Strategy, action: Steer) => {
    const object = namedObject(strategy, labels);
    const isOfTenant = typeof strategy.tenantId === 'number';
    const { title, text, more, ok } = {
      pause: { title: words.pauseTitle(object), text: words.pauseText, more: words.pauseTenantText, ok: words.pause },
      resume: { title: words.resumeTitle(object), text: words.resumeText, more: '', ok: words.resume },
      remove: { title: words.deleteTitle(object), text: words.deleteText, more: words.deleteTenantText, ok: actions.delete },
    }[action];
    void modal.confirm({
      title,
      content: <Sentences all={isOfTenant && more ? [...text, more] : text} />,
      width: 520,
      okText: ok,
      okButtonProps: { danger: action === 'remove' },
      cancelText: actions.cancel,
      onOk: () => steer.mutateAsync({ strategy, action }).catch(() => undefined),
    });
  };
  return { ask, isPending: steer.isPending };
}

/** Returns a function that reloads all that shows a cluster's strategies, except the runs of a deleted one. */
export function useRefreshStrategies() {
  const queries = useQueryClient();
  return (cluster: number, gone?: Strategy) => {
    const below = keys.strategies(cluster).length;
    const isGone = (key: readonly unknown[]) => gone !== undefined && key[below - 1] === 'strategies' && key.length > below && key[below] === (gone.tenantId ?? undefined);
    void queries.invalidateQueries({ queryKey: keys.backups(cluster), predicate: ({ queryKey }) => !isGone(queryKey) });
    void queries.invalidateQueries({ queryKey: keys.allBackups });
    void queries.invalidateQueries({ queryKey: keys.storages() });
  };
}

function Sentences({ all }: { all: string[] }) {
  return (
    <ul className="sentences">
      {all.map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  );
}
