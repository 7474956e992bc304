import { App, Button, Drawer, Form, Input, Radio } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import { useLabels } from '../../locales';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { ROLES, type Account, type Role } from './accounts';

interface Fields {
  name: string;
  role: Role;
  password: string;
}

/** Creates an account, or changes its role. */
export function AccountDrawer({ account, onClose }: { account: Account | undefined; onClose: () => void }) {
  useReturnFocus();
  const { access, actions, logOn, words } = useLabels();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [form] = Form.useForm<Fields>();
  const save = useMutation({
    mutationFn: ({ name, role, password }: Fields) =>
      account
        ? answer(client.PATCH('/api/v2/users/{id}', { params: { path: { id: account.id } }, body: { role } }))
        : answer(client.POST('/api/v2/users', { body: { name: name.trim(), role, password } })),
    onSuccess: () => {
      void message.success(access.saved);
      void queries.invalidateQueries({ queryKey: keys.accounts });
      void queries.invalidateQueries({ queryKey: keys.me });
      onClose();
    },
  });
  return (
    <Drawer
      open
      width={480}
      title={account ? access.editTitle(account.name) : access.create}
      onClose={onClose}
      footer={
        <div className="drawer-foot">
          <Button onClick={onClose}>{actions.cancel}</Button>
          <Button type="primary" loading={save.isPending} onClick={() => form.submit()}>
            {actions.save}
          </Button>
        </div>
      }
    >
      <Form<Fields>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ name: account?.name ?? '', role: account?.role ?? 'CLUSTER_VIEWER' }}
        onFinish={(fields) => save.mutate(fields)}
      >
        {account ? null : (
          <Form.Item
            name="name"
            label={access.name}
            extra={access.nameRule}
            rules={[{ required: true, max: 64, pattern: /^[\p{L}\p{N}._@-]+$/u, message: access.nameRule }]}
          >
            <Input autoFocus autoComplete="off" maxLength={64} />
          </Form.Item>
        )}
        <Form.Item name="role" label={access.role}>
          <Radio.Group className="roles">
            {ROLES.map((role) => (
              <Radio key={role} value={role}>
                {words.role[role]}
                <span className="quiet role-hint">{access.roleHint[role]}</span>
              </Radio>
            ))}
          </Radio.Group>
        </Form.Item>
        {account ? (
          <p className="quiet">{access.editHint}</p>
        ) : (
          <Form.Item
            name="password"
            label={access.firstPassword}
            extra={`${logOn.rule}. ${access.firstPasswordHint}`}
            rules={[{ required: true, min: 8, max: 128, message: logOn.rule }]}
          >
            <Input.Password autoComplete="new-password" />
          </Form.Item>
        )}
      </Form>
      <ProblemAlert error={save.error} />
    </Drawer>
  );
}
