import { Alert, Button, Checkbox, Drawer, Form } from '@oceanbase/design';
import { useMutation } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useNavigate } from 'react-router';

import { answer, client } from '../../api/client';
import type { Ability, Cluster } from '../../api/types';
import { useLabels } from '../../locales';
import { Facts } from '../../parts/PageHead';
import { PlanAnswer } from '../../parts/PlanAnswer';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { Chosen } from './Chosen';
import { faultOf, firstDraft, isPasswordSure, toBody, toChoice, type Draft } from './draft';
import { ObjectsTree } from './ObjectsTree';
import { MethodChoice, ModeChoice, Options } from './Options';
import { StorageChooser, type StorageTest } from './StorageChooser';

interface BackUpNowDrawerProps {
  cluster: Cluster;
  ability: Ability;
  onClose: () => void;
}

/** What to back up, where to and how; most of it is filled in. */
export function BackUpNowDrawer({ cluster, ability, onClose }: BackUpNowDrawerProps) {
  useReturnFocus();
  const { backUpNow, actions } = useLabels();
  const [draft, setDraft] = useState(() => firstDraft(cluster.id, ability));
  const [test, setTest] = useState<StorageTest>();
  const [goesUntested, setGoesUntested] = useState(false);
  const { start, plan } = useBackup(cluster.id);

  const change = (part: Partial<Draft>) => {
    setDraft((was) => ({ ...was, ...part }));
    plan.reset();
    start.reset();
  };
  const choice = toChoice(draft.storage);
  const isTested = test?.result.passed === true && test.tested === JSON.stringify(choice);
  const needsTest = draft.storage.kind === 'typed' && !isTested;
  const fault = faultOf(draft.objects);
  const isReady = Boolean(choice) && !fault && isPasswordSure(draft);
  const hasParts = draft.method === 'LOGICAL_BACKUP';

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
            loading={start.isPending}
            onClick={() => start.mutate(draft)}
          >
            {backUpNow.submit}
          </Button>
        </div>
      }
    >
      <Form layout="vertical" component="div" requiredMark={false}>
        <Part title={backUpNow.objects} hint={hasParts ? backUpNow.objectsHint : backUpNow.objectsHintPhysical}>
          <ObjectsTree cluster={cluster} hasParts={hasParts} onChange={(objects) => change({ objects })} />
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
          <StorageChooser
            clusterId={cluster.id}
            wish={draft.storage}
            test={test}
            onChange={(storage) => change({ storage })}
            onTested={setTest}
          />
          {needsTest && choice ? (
            <div className="untested">
              <p className="quiet">{backUpNow.mustTest}</p>
              <Checkbox checked={goesUntested} onChange={(event: { target: { checked: boolean } }) => setGoesUntested(event.target.checked)}>
                {backUpNow.untested}
              </Checkbox>
            </div>
          ) : null}
        </Part>
        <Part title={backUpNow.mode}>
          <ModeChoice draft={draft} ability={ability} onChange={change} />
        </Part>
        <Part title={backUpNow.options}>
          <Options draft={draft} generation={cluster.generation} onChange={change} />
        </Part>
        <PlanAnswer plan={plan.data} error={plan.error ?? start.error} />
      </Form>
    </Drawer>
  );
}

/** Starts the backup and goes to its task; or asks what it would do. */
function useBackup(id: number) {
  const navigate = useNavigate();
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
  const plan = useMutation({ mutationFn: async (draft: Draft) => (await send(draft, true)).plan ?? undefined });
  return { start, plan };
}

function Part({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  return (
    <section className="part" aria-label={title}>
      <h3>{title}</h3>
      {hint ? <p className="quiet hint">{hint}</p> : null}
      {children}
    </section>
  );
}
