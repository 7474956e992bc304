import { App, Form, Modal } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import { useLabels } from '../../locales';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { NewPasswordFields, type NewPassword } from '../logon/NewPasswordFields';
import type { Account } from './accounts';

/** Gives somebody else's account a password, which must be changed at the next log-on. */
export function SetPasswordModal({ account, onClose }: { account: Account; onClose: () => void }) {
  const { access, logOn, actions } = useLabels();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [form] = Form.useForm<NewPassword>();
  const set = useMutation({
    mutationFn: (password: string) =>
      answer(
        client.POST('/api/v2/users/{id}/password', { params: { path: { id: account.id } }, body: { password } }),
      ),
    onSuccess: () => {
      void message.success(access.passwordSet(account.name));
      void queries.invalidateQueries({ queryKey: keys.accounts });
      onClose();
    },
  });
  return (
    <Modal
      open
      title={access.setPasswordTitle(account.name)}
      okText={logOn.setPassword}
      cancelText={actions.cancel}
      confirmLoading={set.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <p className="quiet">{access.setPasswordHint}</p>
      <Form<NewPassword>
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={({ newPassword }) => set.mutate(newPassword)}
      >
        <NewPasswordFields askOld={false} />
        <ProblemAlert error={set.error} />
      </Form>
    </Modal>
  );
}
