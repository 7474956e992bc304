import { App, Button, Checkbox, Drawer, Form, Input, Typography } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Tenant } from '../../api/types';
import { useLabels } from '../../locales';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { TestLines } from '../../parts/TestLines';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { useDangerQuestion } from '../../parts/useDangerQuestion';
import { grantStatements } from './grants';

interface CredentialDrawerProps {
  clusterId: number;
  tenant: Tenant;
  onClose: () => void;
}

/** The tenant credential: set, tested, replaced, removed; and the privileges that its user needs. */
export function CredentialDrawer({ clusterId, tenant, onClose }: CredentialDrawerProps) {
  useReturnFocus();
  const { credential: labels, actions } = useLabels();
  const kept = tenant.credentialUser ?? undefined;
  const [user, setUser] = useState(kept ?? 'lifeboat');
  const [password, setPassword] = useState('');
  const { test, save, remove } = useCredential(clusterId, tenant.id, onClose);
  const isTyped = password !== '' || user.trim() !== kept;
  const typed = { user: user.trim(), password };
  const change = () => {
    test.reset();
    save.reset();
  };

  return (
    <Drawer
      open
      width={640}
      title={labels.title(tenant.name)}
      onClose={onClose}
      footer={
        <div className="drawer-foot">
          {kept ? <RemoveButton tenant={tenant.name} onRemove={() => remove.mutateAsync()} /> : null}
          <Button onClick={onClose}>{actions.cancel}</Button>
          <Button disabled={!typed.user} loading={test.isPending} onClick={() => test.mutate(isTyped ? typed : undefined)}>
            {isTyped ? actions.test : labels.testKept}
          </Button>
          <Button
            type="primary"
            disabled={!typed.user || !isTyped}
            loading={save.isPending}
            onClick={() => save.mutate(typed)}
          >
            {kept ? labels.replace : actions.save}
          </Button>
        </div>
      }
    >
      <p className="quiet">{labels.intro}</p>
      <p>{kept ? labels.kept(kept) : labels.none}</p>
      <Form layout="vertical" component="div" requiredMark={false}>
        <Form.Item label={labels.user} htmlFor="credential-user" extra={labels.userHint(tenant.name)}>
          <Input
            id="credential-user"
            autoFocus
            autoComplete="off"
            maxLength={64}
            value={user}
            onChange={({ target }) => {
              setUser(target.value);
              change();
            }}
          />
        </Form.Item>
        <Form.Item label={labels.password} htmlFor="credential-password" extra={kept ? labels.passwordKept : undefined}>
          <Input.Password
            id="credential-password"
            autoComplete="new-password"
            value={password}
            onChange={({ target }) => {
              setPassword(target.value);
              change();
            }}
          />
        </Form.Item>
      </Form>
      <div aria-live="polite" className="drawer-test">
        {test.data ? <TestLines result={test.data.test} /> : null}
        <ProblemAlert error={save.error ?? test.error ?? remove.error} />
      </div>
      <LeastPrivilege user={typed.user} />
    </Drawer>
  );
}

/** The statements that grant the required privileges, to be copied. */
function LeastPrivilege({ user }: { user: string }) {
  const { credential: labels } = useLabels();
  const [recovers, setRecovers] = useState(false);
  const text = grantStatements(user, recovers);
  return (
    <section aria-label={labels.privileges} className="plan">
      <div className="statements-head">
        <h3>{labels.privileges}</h3>
        <Typography.Text copyable={{ text, tabIndex: 0 }} />
      </div>
      <p className="quiet hint">{labels.privilegesHint}</p>
      <Checkbox
        checked={recovers}
        onChange={(event: { target: { checked: boolean } }) => setRecovers(event.target.checked)}
      >
        {labels.recovers}
      </Checkbox>
      <pre tabIndex={0} className="statements" data-testid="grants">
        {text}
      </pre>
    </section>
  );
}

function RemoveButton({ tenant, onRemove }: { tenant: string; onRemove: () => Promise<unknown> }) {
  const { credential: labels } = useLabels();
  const ask = useDangerQuestion();
  const confirm = () => ask(labels.removeTitle(tenant), labels.removeText, labels.remove, onRemove);
  return (
    <Button danger onClick={confirm}>
      {labels.remove}
    </Button>
  );
}

interface Typed {
  user: string;
  password: string;
}

function useCredential(id: number, tenantId: number, onDone: () => void) {
  const { credential: labels } = useLabels();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const params = { path: { id, tenantId } };
  const done = (words: string) => {
    void message.success(words);
    void queries.invalidateQueries({ queryKey: keys.tenants(id) });
    void queries.invalidateQueries({ queryKey: keys.ability(id) });
    onDone();
  };
  const path = '/api/v2/ob/clusters/{id}/tenants/{tenantId}/credential';
  const test = useMutation({
    mutationFn: (typed: Typed | undefined) =>
      answer(client.POST(`${path}/test`, { params, body: typed ? { credential: typed } : {} })),
  });
  const save = useMutation({
    mutationFn: (body: Typed) => answer(client.PUT(path, { params, body })),
    onSuccess: ({ user }) => done(labels.saved(user)),
  });
  const remove = useMutation({
    mutationFn: () => answer(client.DELETE(path, { params })),
    onSuccess: () => done(labels.removed),
  });
  return { test, save, remove };
}
