import { App, Checkbox } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { keys } from '../../api/keys';
import type { Action, PauseToo, Strategy } from '../../api/types';
import { useLabels } from '../../locales';
import { useReport } from '../../parts/report';
import { useCleanUpWords, type CleanUpWords } from './cleanUpWords';
import type { ClusterStrategies } from './queries';
import { namedObject, scopeOf, strategyCalls, type NamedStrategy } from './scope';

/** What can be done to a strategy with one press. */
export type Steer = 'pause' | 'resume' | 'remove';

/** What decides about the backups of a tenant whose strategy is deleted; unknown of one that cannot be read. */
type Settings = 'obBackupScheduleConfig' | 'backupMode' | 'obBackupServiceStorageConfig';

interface Order {
  strategy: NamedStrategy;
  action: Steer;
  /** What is paused with the strategy. */
  too: PauseToo;
  /** Whether the strategy of the cluster may delete backups of the tenant earlier. */
  accepts: boolean;
}

/** Returns how a strategy is paused, resumed or deleted, each after asking and saying what it means. */
export function useSteer() {
  const labels = useLabels();
  const { strategy: words, actions } = labels;
  const cleanUp = useCleanUpWords();
  const { modal } = App.useApp();
  const report = useReport();
  const queries = useQueryClient();
  const refresh = useRefreshStrategies();
  // At once, so that nothing asks for what is gone.
  const forget = ({ clusterId, strategyId }: NamedStrategy) => {
    const stays = (each: NamedStrategy) => each.strategyId !== strategyId;
    queries.setQueryData<ClusterStrategies>(
      keys.strategies(clusterId),
      (was) => was && { contents: was.contents.filter(stays), unreadable: was.unreadable.filter(stays) },
    );
  };
  const steer = useMutation({
    mutationFn: ({ strategy, action, too, accepts }: Order): Promise<Action> => {
      const calls = strategyCalls(scopeOf(strategy));
      if (action === 'pause') return calls.pause(too);
      return action === 'remove' ? calls.remove(accepts) : calls.resume();
    },
    onSuccess: (answered, { strategy, action }) => {
      report.done({ pause: words.paused, resume: words.resumed, remove: words.deleted }[action]);
      if (action === 'remove') forget(strategy);
      // The task that pauses or resumes log backup.
      const task = answered.backupObjectOpsResultList?.[0]?.taskIdList[0];
      if (task !== undefined) report.begun(task);
    },
    onError: report.failed,
    onSettled: (_, error, { strategy, action }) => refresh(strategy.clusterId, action === 'remove' && !error ? strategy : undefined),
  });
  const ask = (strategy: NamedStrategy & Partial<Pick<Strategy, Settings>>, action: Steer, canPauseLogs = false) => {
    const cleansUp = strategy.obBackupScheduleConfig?.cleanEnabled ?? false;
    // The database deletes physical backups, also during a pause.
    const canPauseCleanUp = cleansUp && strategy.backupMode !== 'PHYSICAL_BACKUP';
    let too: PauseToo = { pauseLogBackup: false, pauseCleanUp: false };
    let accepts = false;
    const next = action === 'remove' ? nextRetention(strategy, queries.getQueryData<ClusterStrategies>(keys.strategies(strategy.clusterId))) : undefined;
    const needsConsent = next !== undefined && (next.isShorter || next.storage !== undefined);
    const isPause = action === 'pause';
    const choices = [
      { field: 'pauseLogBackup' as const, isOffered: isPause && canPauseLogs, text: words.pauseLogs, hint: words.pauseLogsHint },
      { field: 'pauseCleanUp' as const, isOffered: isPause && canPauseCleanUp, text: cleanUp.pause, hint: cleanUp.pauseHint },
    ].filter(({ isOffered }) => isOffered);
    const object = namedObject(strategy, labels);
    const isOfTenant = typeof strategy.tenantId === 'number';
    const { title, text, more, ofCleanUp, ok } = {
      pause: { title: words.pauseTitle(object), text: canPauseLogs ? words.pauseTextLogs : words.pauseText, more: words.pauseTenantText, ofCleanUp: '', ok: words.pause },
      resume: { title: words.resumeTitle(object), text: words.resumeText, more: '', ofCleanUp: '', ok: words.resume },
      remove: { title: words.deleteTitle(object), text: needsConsent ? words.deleteText : [...words.deleteText, words.deleteKeeps], more: words.deleteTenantText, ofCleanUp: next ? '' : cleanUp.deleteText, ok: actions.delete },
    }[action];
    const dialog = modal.confirm({
      title,
      content: (
        <>
          <Sentences all={[...text, ...(cleansUp && ofCleanUp ? [ofCleanUp] : []), ...(isOfTenant && more ? [more] : []), ...(next ? [ofNext(next, cleanUp)] : [])]} />
          {choices.map(({ field, text, hint }) => (
            <Choice key={field} text={text} hint={hint} onChange={(isWanted) => (too = { ...too, [field]: isWanted })} />
          ))}
          {needsConsent ? (
            <Choice
              text={cleanUp.deleteAccept}
              hint={cleanUp.deleteAcceptHint}
              onChange={(isWanted) => {
                accepts = isWanted;
                dialog.update({ okButtonProps: { danger: true, disabled: !isWanted } });
              }}
            />
          ) : null}
        </>
      ),
      width: 520,
      okText: ok,
      okButtonProps: { danger: action === 'remove', disabled: needsConsent },
      cancelText: actions.cancel,
      onOk: () => steer.mutateAsync({ strategy, action, too, accepts }).catch(() => undefined),
    });
  };
  return { ask, isPending: steer.isPending };
}

/** How the strategy of the cluster keeps the physical backups of a tenant. */
interface NextRetention {
  days: number;
  /** The days of the tenant’s own strategy, if it deletes any. */
  own: number | undefined;
  isShorter: boolean;
  /** The storage in which it deletes, if it is another one than that of the tenant’s own. */
  storage: string | undefined;
}

function ofNext({ days, own, isShorter, storage }: NextRetention, words: CleanUpWords): string {
  if (isShorter) return words.deleteShortens(days, own);
  return storage === undefined ? words.deleteToCluster(days) : words.deleteElsewhere(days, storage);
}

/** Returns how long the strategy of the cluster keeps the physical backups of a tenant whose own one is deleted; nothing if it deletes none. */
function nextRetention({ tenantId, backupMode, obBackupScheduleConfig, obBackupServiceStorageConfig }: NamedStrategy & Partial<Pick<Strategy, Settings>>, all: ClusterStrategies | undefined): NextRetention | undefined {
  if (typeof tenantId !== 'number') return undefined;
  const ofCluster = all?.contents.find((each) => typeof each.tenantId !== 'number');
  const { cleanEnabled, backupDataRetentionDays: days } = ofCluster?.obBackupScheduleConfig ?? {};
  if (ofCluster?.backupMode !== 'PHYSICAL_BACKUP' || !cleanEnabled || !days) return undefined;
  const cleansUp = backupMode === 'PHYSICAL_BACKUP' && obBackupScheduleConfig?.cleanEnabled;
  const own = (cleansUp && obBackupScheduleConfig.backupDataRetentionDays) || undefined;
  const { storageId, configName, uri } = ofCluster.obBackupServiceStorageConfig;
  const storage = storageId === obBackupServiceStorageConfig?.storageId ? undefined : (configName ?? uri);
  return { days, own, isShorter: own === undefined || own > days, storage };
}

/** Returns a function that reloads all that shows a cluster's strategies, except the runs of a deleted one. */
export function useRefreshStrategies() {
  const queries = useQueryClient();
  return (cluster: number, gone?: NamedStrategy) => {
    const below = keys.strategies(cluster).length;
    const isGone = (key: readonly unknown[]) => gone !== undefined && key[below - 1] === 'strategies' && key.length > below && key[below] === (gone.tenantId ?? undefined);
    void queries.invalidateQueries({ queryKey: keys.backups(cluster), predicate: ({ queryKey }) => !isGone(queryKey) });
    void queries.invalidateQueries({ queryKey: keys.allBackups });
    void queries.invalidateQueries({ queryKey: keys.storages() });
  };
}

/** The choice to pause something else too. */
function Choice({ text, hint, onChange }: { text: string; hint: string; onChange: (isWanted: boolean) => void }) {
  return (
    <>
      <Checkbox onChange={({ target }: { target: { checked: boolean } }) => onChange(target.checked)}>{text}</Checkbox>
      <p className="quiet hint">{hint}</p>
    </>
  );
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
