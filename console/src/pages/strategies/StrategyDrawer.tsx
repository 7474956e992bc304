import { App, Button, Drawer, Form } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';

import { keys } from '../../api/keys';
import { Problem } from '../../api/problem';
import type { Ability, Cluster, NewStrategy, Strategy } from '../../api/types';
import { useLabels, useLanguage } from '../../locales';
import { Part } from '../../parts/Part';
import { PlanAnswer } from '../../parts/PlanAnswer';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { Prose } from '../../parts/Prose';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { toChoice } from '../backup/draft';
import type { StorageTest } from '../backup/StorageChooser';
import { CleanUpFields } from './CleanUpFields';
import { useCleanUpWords } from './cleanUpWords';
import { firstDraft, fromStrategy, toBody, toSchedule, withMethod, type StrategyDraft } from './draft';
import { fieldOf } from './faults';
import { LogBackupFields, MethodField, ObjectField, Thresholds } from './fields';
import { PlannedRuns } from './PlannedRuns';
import { strategyFor } from './strategyFor';
import { refusedBy } from './refused';
import { ScheduleFields } from './ScheduleFields';
import { namedObject, strategyCalls } from './scope';
import { StorageField } from './StorageField';
import { usePlannedRuns } from './usePlannedRuns';
import { useRefreshStrategies } from './useSteer';

interface StrategyDrawerProps {
  cluster: Cluster;
  ability: Ability;
  /** The strategies that the cluster and its tenants have. */
  strategies: Strategy[];
  /** The strategy that is changed; nothing for a new one. */
  strategy?: Strategy | undefined;
  onSaved: () => void;
  onClose: () => void;
}

/** A new strategy, or one that is changed: what, where to, when, and when an alarm is raised. */
export function StrategyDrawer({ cluster, ability, strategies, strategy, onSaved, onClose }: StrategyDrawerProps) {
  useReturnFocus();
  const labels = useLabels();
  const { strategy: words, actions } = labels;
  const cleanUp = useCleanUpWords();
  const [draft, setDraft] = useState(() => (strategy ? fromStrategy(strategy) : firstDraft(ability)));
  const [test, setTest] = useState<StorageTest>();
  const [goesUntested, setGoesUntested] = useState(false);
  const save = useSave(cluster.id, strategy, onSaved);
  const planned = usePlannedRuns(toSchedule(draft.schedule), {
    clusterId: cluster.id,
    tenantId: draft.tenant,
    storageId: draft.storage.kind === 'saved' ? draft.storage.savedId : undefined,
  });
  const form = useFirstFault(save.error);

  const edit = (next: (was: StrategyDraft) => StrategyDraft) => {
    setDraft(next);
    save.reset();
  };
  const change = (part: Partial<StrategyDraft>) => edit((was) => ({ ...was, ...part }));
  const choice = toChoice(draft.storage);
  const isTested = test?.result.passed === true && test.tested === JSON.stringify(choice);
  const needsTest = draft.storage.kind === 'typed' && !isTested;
  const body = toBody(draft);
  // Where the cluster has a strategy, a new one is for a tenant, which must be chosen.
  const needsObject = !strategy && draft.tenant === undefined && strategyFor(strategies) !== undefined;
  const isReady = body && !needsObject && (!needsTest || goesUntested);
  const problem = save.error ?? planned.error;
  const refused = refusedBy(problem, useLanguage());
  const isPhysical = draft.method === 'PHYSICAL_BACKUP';

  return (
    <Drawer
      open
      width={760}
      title={strategy ? words.modifyTitle(namedObject(strategy, labels)) : words.create}
      onClose={onClose}
      footer={
        <div className="drawer-foot">
          <Button onClick={onClose}>{actions.cancel}</Button>
          <Button
            type="primary"
            disabled={!isReady}
            loading={save.isPending}
            onClick={() => body && save.mutate({ tenant: draft.tenant, body })}
          >
            {words.submit}
          </Button>
        </div>
      }
    >
      <div ref={form}>
        <Form layout="vertical" component="div" requiredMark={false}>
          {strategy ? null : (
            <Part title={words.object}>
              <ObjectField
                cluster={cluster}
                strategies={strategies}
                tenant={draft.tenant}
                refused={refused}
                onChange={(wish) => change({ tenant: wish })}
              />
            </Part>
          )}
          <Part title={words.storage}>
            <StorageField
              cluster={cluster}
              draft={draft}
              saved={strategy}
              test={test}
              untested={needsTest && choice ? { checked: goesUntested, onChange: setGoesUntested } : undefined}
              refused={refused}
              onChange={change}
              onTested={setTest}
            />
          </Part>
          <Part title={words.method}>
            <MethodField
              method={draft.method}
              ability={ability}
              refused={refused}
              onChange={(method) => edit((was) => withMethod(was, method))}
            />
          </Part>
          <Part title={words.schedule}>
            <ScheduleFields
              schedule={draft.schedule}
              hasIncremental={isPhysical && ability.obDataBackupSupportAbility.incrementBackupEnabled}
              refused={refused}
              onChange={(part) => edit((was) => ({ ...was, schedule: { ...was.schedule, ...part } }))}
            />
            {isPhysical ? (
              <LogBackupFields draft={draft} onChange={change} />
            ) : null}
          </Part>
          <Part title={words.preview}>
            {planned.planned ? <PlannedRuns planned={planned.planned} /> : <p className="quiet hint">{words.previewIncomplete}</p>}
            {planned.error && !fieldOf(planned.error) ? <ProblemAlert error={planned.error} /> : null}
          </Part>
          <Part title={cleanUp.part}>
            <CleanUpFields
              draft={draft}
              cluster={cluster}
              refused={refused}
              onChange={(wish) => change({ cleanUp: wish })}
              onSeen={(seen) => setDraft((was) => ({ ...was, cleanUp: { ...was.cleanUp, seen } }))}
            />
          </Part>
          <Part title={words.thresholds}>
            <Thresholds draft={draft} refused={refused} onChange={change} />
          </Part>
          <PlanAnswer plan={undefined} error={save.error && !fieldOf(save.error) && !isStorageMove(save.error) ? save.error : null} />
        </Form>
      </div>
    </Drawer>
  );
}

interface Saved {
  tenant: number | undefined;
  body: NewStrategy;
  /** Whether what another storage means for recovery has been read and accepted. */
  acceptStorageMove?: boolean;
}

function useSave(cluster: number, strategy: Strategy | undefined, onSaved: () => void) {
  const { strategy: words, actions } = useLabels();
  const { message, modal } = App.useApp();
  const refresh = useRefreshStrategies();
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: ({ tenant, body, acceptStorageMove }: Saved) => {
      const calls = strategyCalls(tenant === undefined ? { cluster } : { cluster, tenant });
      return strategy ? calls.change({ ...body, ...(acceptStorageMove ? { acceptStorageMove } : {}) }) : calls.create(body);
    },
    onSuccess: () => {
      void message.success(strategy ? words.changed : words.created);
      onSaved();
      refresh(cluster);
    },
    onError: (error, wish) => {
      // What would be deleted is another by now: it is shown again.
      if (error instanceof Problem && error.words?.id === 'strategy-policies-changed') {
        void queries.invalidateQueries({ queryKey: keys.backups(cluster) });
      }
      if (!isStorageMove(error)) return;
      void modal.confirm({
        title: words.storageMoved,
        content: <Prose text={[error.words?.cause, words.storageMovedText, words.storageMovedLogs].filter(Boolean).join(' ')} />,
        width: 520,
        okText: words.submit,
        cancelText: actions.cancel,
        onOk: () => save.mutateAsync({ ...wish, acceptStorageMove: true }).catch(() => undefined),
      });
    },
  });
  return save;
}

/** Tells whether a change was refused until somebody accepts what another storage means for recovery. */
function isStorageMove(error: unknown): error is Problem {
  return error instanceof Problem && (error.words?.id.startsWith('strategy-storage-move') ?? false);
}

/** Brings the field that was refused to the reader's eyes. */
function useFirstFault(error: unknown) {
  const form = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (fieldOf(error)) form.current?.querySelector('.ant-form-item-has-error')?.scrollIntoView({ block: 'center' });
  }, [error]);
  return form;
}
