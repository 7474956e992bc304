import { App, Button, Drawer, Form, Input, Select } from '@oceanbase/design';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { NewCluster } from '../../api/types';
import { useLabels } from '../../locales';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { TestLines } from '../../parts/TestLines';
import { usePause } from '../../parts/usePause';
import { useReturnFocus } from '../../parts/useReturnFocus';

/** How long the user must not type before the pre-check starts automatically. */
const PAUSE_MS = 700;

/** Takes over an existing cluster; problems are shown while the user fills in the fields. */
export function TakeOverDrawer({ onClose }: { onClose: () => void }) {
  useReturnFocus();
  const labels = useLabels();
  const { takeOver, actions } = labels;
  const { message } = App.useApp();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [form] = Form.useForm<NewCluster>();
  const [typed, setTyped] = useState<NewCluster>();

  const add = useMutation({
    mutationFn: (body: NewCluster) => answer(client.POST('/api/v2/ob/clusters', { body })),
    onSuccess: (cluster) => {
      void message.success(takeOver.done(cluster.name));
      void queries.invalidateQueries({ queryKey: keys.clusters() });
      void navigate(`/clusters/${cluster.id}`);
    },
  });
  const settled = usePause(typed, PAUSE_MS);
  const check = useQuery({
    queryKey: ['precheck', settled],
    enabled: isCheckable(settled),
    queryFn: () => answer(client.POST('/api/v2/ob/clusters/precheck', { body: settled as NewCluster })),
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
  });
  const required = (label: string) => [{ required: true, message: takeOver.required(label) }];

  return (
    <Drawer
      open
      width={640}
      title={takeOver.title}
      onClose={onClose}
      footer={
        <div className="drawer-foot">
          <Button onClick={onClose}>{actions.cancel}</Button>
          <Button onClick={() => void check.refetch()} loading={check.isFetching} disabled={!isCheckable(typed)}>
            {check.data ? takeOver.precheckAgain : takeOver.precheck}
          </Button>
          <Button
            type="primary"
            loading={add.isPending}
            disabled={check.data?.passed === false}
            onClick={() => form.submit()}
          >
            {takeOver.submit}
          </Button>
        </div>
      }
    >
      <p className="quiet">{takeOver.intro}</p>
      <Form<NewCluster>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ addresses: [], user: 'root@sys', password: '' }}
        onValuesChange={(_, all) => setTyped(all)}
        onFinish={(fields) => add.mutate(fields)}
      >
        <Form.Item name="name" label={takeOver.name} extra={takeOver.nameHint} rules={required(takeOver.name)}>
          <Input autoFocus maxLength={64} autoComplete="off" />
        </Form.Item>
        <Form.Item
          name="addresses"
          label={takeOver.addresses}
          extra={takeOver.addressesHint}
          rules={required(takeOver.addresses)}
        >
          <Addresses />
        </Form.Item>
        <Form.Item name="user" label={takeOver.user} extra={takeOver.userHint} rules={required(takeOver.user)}>
          <Input autoComplete="off" />
        </Form.Item>
        <Form.Item name="password" label={takeOver.password}>
          <Input.Password autoComplete="new-password" />
        </Form.Item>
      </Form>
      <ProblemAlert error={add.error} />
      <section aria-label={takeOver.precheck} aria-live="polite" className="drawer-test">
        <h3>{takeOver.precheck}</h3>
        {check.isFetching ? <p className="quiet">{labels.test.running}</p> : null}
        {check.data && !check.isFetching ? <TestLines result={check.data} /> : null}
        {check.isFetching ? null : <ProblemAlert error={check.error} />}
        {check.data || check.error || check.isFetching ? null : <p className="quiet">{takeOver.precheckHint}</p>}
      </section>
    </Drawer>
  );
}

interface AddressesProps {
  id?: string;
  value?: string[];
  onChange?: (value: string[]) => void;
}

/**
 * The addresses, each as it is typed. It passes on only these attributes: the design system would put those of the form
 * on an element where they have no meaning.
 */
function Addresses({ id, value, onChange }: AddressesProps) {
  return (
    <Select
      {...(id ? { id } : {})}
      mode="tags"
      open={false}
      suffixIcon={null}
      tokenSeparators={[',', ' ', ';']}
      placeholder="192.0.2.10:2881"
      value={value ?? []}
      onChange={(addresses: string[]) => onChange?.(addresses)}
    />
  );
}

function isCheckable(typed: NewCluster | undefined): boolean {
  return Boolean(typed?.name?.trim() && typed.addresses?.length && typed.user?.trim());
}
