import { Alert, Button, Drawer, Form } from '@oceanbase/design';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';

import { answer, client } from '../../api/client';
import type { Ability, BackupObject, Cluster, MissingObject, Strategy } from '../../api/types';
import { useLabels } from '../../locales';
import { InView } from '../../parts/InView';
import { Facts } from '../../parts/PageHead';
import { Part } from '../../parts/Part';
import { PlanAnswer } from '../../parts/PlanAnswer';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { strategyFor } from '../strategies/strategyFor';
import { namedObject } from '../strategies/scope';
import { Chosen } from './Chosen';
import { Consent } from './Consent';
import { isAgreed } from './consent';
import { faultOf, firstDraft, isPasswordSure, isStorageOf, onlyTenant, toBody, toChoice, type Draft } from './draft';
import { ObjectsTree } from './ObjectsTree';
import { MethodChoice, ModeChoice, Options } from './Options';
import { StorageChooser, type StorageTest } from './StorageChooser';
import { Untested } from './Untested';

interface BackUpNowDrawerProps {
  cluster: Cluster;
  ability: Ability;
  /** The strategies of the cluster and of its tenants. */
  strategies: Strategy[];
  /** The initially selected tenant; without one, the whole cluster. */
  tenant?: number | undefined;
  onNewStrategy: () => void;
  onClose: () => void;
}

/** The objects, the storage and the options of a backup; most fields have defaults. */
export function BackUpNowDrawer({ cluster, ability, strategies, tenant, onNewStrategy, onClose }: BackUpNowDrawerProps) {
  useReturnFocus();
  const { backUpNow, leftOut, actions } = useLabels();
  const [draft, setDraft] = useState(() => firstDraft(cluster.id, ability, strategyFor(strategies)));
  const [test, setTest] = useState<StorageTest>();
  const [goesUntested, setGoesUntested] = useState(false);
  const { start, plan, lack, setLack, submit } = useBackup(cluster.id);

  const consent = (part: Partial<Draft>) => {
    setDraft((was) => ({ ...was, ...part }));
    plan.reset();
    start.reset();
  };
  /** Consent applies to the objects that the plan found; after a change of the form, it is requested again. */
  const change = (part: Partial<Draft>) => {
    consent({ ...part, without: [], exclude: [] });
    setLack(undefined);
  };
  const strategy = strategyFor(strategies, onlyTenant(draft.objects));
  const choose = (objects: BackupObject[]) => {
    const next = strategyFor(strategies, onlyTenant(objects));
    // Defaults follow the selected objects; a storage that the user has chosen stays.
    const follows = next && next !== strategy && isStorageOf(draft.storage, strategy);
    const savedId = next?.obBackupServiceStorageConfig.storageId;
    change(follows ? { objects, storage: { ...draft.storage, savedId } } : { objects });
  };
  const choice = toChoice(draft.storage);
  const isTested = test?.result.passed === true && test.tested === JSON.stringify(choice);
  const needsTest = draft.storage.kind === 'typed' && !isTested;
  const fault = faultOf(draft.objects);
  const isReady = Boolean(choice) && !fault && isPasswordSure(draft);
  const hasParts = draft.method === 'LOGICAL_BACKUP';
  const isPartial = lack?.objects.some(({ agreement }) => !isAgreed(draft, agreement ?? undefined)) ?? false;

  return (
    <Drawer
      open
      width={760}
      title={backUpNow.title}
      onClose={onClose}
      footer={
        <div className="drawer-foot">
          <Button onClick={onClose}>{actions.cancel}</Button>
          <Button disabled={!isReady} loading={plan.isPending} onClick={() => plan.mutate(draft)}>
            {backUpNow.showPlan}
          </Button>
          <Button
            type="primary"
            disabled={!isReady || (needsTest && !goesUntested)}
            danger={isPartial}
            loading={start.isPending || submit.isPending}
            onClick={() => (hasParts && !lack ? submit.mutate(draft) : start.mutate(draft))}
          >
            {isPartial ? leftOut.startPartial : backUpNow.submit}
          </Button>
        </div>
      }
    >
      <Form layout="vertical" component="div" requiredMark={false}>
        <Part title={backUpNow.objects} hint={hasParts ? backUpNow.objectsHint : backUpNow.objectsHintPhysical}>
          <ObjectsTree cluster={cluster} hasParts={hasParts} tenant={tenant} onChange={choose} />
          {fault ? (
            <Alert
              type="warning"
              showIcon
              message={fault === 'nothing' ? backUpNow.nothingChosen : backUpNow.twoTenants}
            />
          ) : (
            <Chosen cluster={cluster} hasParts={hasParts} objects={draft.objects} />
          )}
        </Part>
        <Facts
          rows={[
            [backUpNow.version, cluster.obVersion],
            [backUpNow.cluster, cluster.name],
            [backUpNow.method, <MethodChoice key="method" draft={draft} ability={ability} onChange={change} />],
          ]}
        />
        <Part title={backUpNow.storage}>
          <FilledIn strategy={strategy} isFilledIn={isStorageOf(draft.storage, strategy)} onNewStrategy={onNewStrategy} />
          <StorageChooser
            clusterId={cluster.id}
            wish={draft.storage}
            test={test}
            onChange={(storage) => change({ storage })}
            onTested={setTest}
          />
          {needsTest && choice ? (
            <Untested text={backUpNow.mustTest} checked={goesUntested} onChange={setGoesUntested} />
          ) : null}
        </Part>
        <Part title={backUpNow.mode}>
          <ModeChoice draft={draft} ability={ability} onChange={change} />
        </Part>
        <Part title={backUpNow.options}>
          <Options draft={draft} generation={cluster.generation} onChange={change} />
        </Part>
        <PlanAnswer plan={plan.data} error={plan.error ?? start.error} />
        {lack && lack.objects.length > 0 ? (
          <InView>
            <Consent objects={lack.objects} tenants={lack.tenants} draft={draft} onChange={consent} />
          </InView>
        ) : null}
      </Form>
    </Drawer>
  );
}

/** The objects that a logical backup would leave out, and its number of tenants. */
interface Lack {
  objects: MissingObject[];
  tenants: number;
}

/** Starts the backup and goes to its task; or requests its plan, with the objects that would be left out. */
function useBackup(id: number) {
  const navigate = useNavigate();
  const [lack, setLack] = useState<Lack>();
  const send = (draft: Draft, dryRun: boolean) =>
    answer(
      client.POST('/api/v2/ob/clusters/{id}/backup/backupNow', {
        params: { path: { id } },
        body: toBody(draft, dryRun),
      }),
    );
  const start = useMutation({
    mutationFn: (draft: Draft) => send(draft, false),
    onSuccess: ({ backupObjectOpsResultList: [first] }) => {
      const task = first?.taskIdList[0];
      void navigate(task === undefined ? '/tasks' : `/tasks/${task}`);
    },
  });
  const look = async (draft: Draft) => {
    const { plan: found } = await send(draft, true);
    const seen = { objects: found?.leftOut ?? [], tenants: found?.tenants.length ?? 0 };
    setLack(seen);
    return { found: found ?? undefined, seen };
  };
  const plan = useMutation({ mutationFn: async (draft: Draft) => (await look(draft)).found });
  // A logical backup starts at once if nothing is left out; otherwise the objects that would be left out are shown
  // first.
  const submit = useMutation({
    mutationFn: look,
    onSuccess: ({ seen }, draft) => {
      if (seen.objects.every(({ agreement }) => isAgreed(draft, agreement ?? undefined))) start.mutate(draft);
    },
    // If the plan fails, start the task: it reports the problem, tries again and keeps a log.
    onError: (_, draft) => start.mutate(draft),
  });
  return { start, plan, submit, lack, setLack };
}

interface FilledInProps {
  strategy: Strategy | undefined;
  isFilledIn: boolean;
  onNewStrategy: () => void;
}

/** Shows the strategy of the storage; without a strategy, a link to the form that creates one. */
function FilledIn({ strategy, isFilledIn, onNewStrategy }: FilledInProps) {
  const labels = useLabels();
  if (strategy) return isFilledIn ? <p className="quiet hint">{labels.strategy.filledIn(namedObject(strategy, labels))}</p> : null;
  return (
    <p className="quiet hint">
      {labels.strategy.notFilledIn}{' '}
      <Button type="link" size="small" className="link-button" onClick={onNewStrategy}>
        {labels.strategy.createLink}
      </Button>
    </p>
  );
}
