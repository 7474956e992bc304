import { App, Modal } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import { useLabels } from '../../locales';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { NewPasswordForm } from '../logon/NewPasswordForm';
import type { Account } from './accounts';

const FORM = 'set-password';

/** Sets the password of another user's account; it must be changed at the next log-on. */
export function SetPasswordModal({ account, onClose }: { account: Account; onClose: () => void }) {
  useReturnFocus();
  const { access, logOn, actions } = useLabels();
  const { message } = App.useApp();
  const queries = useQueryClient();
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
      okButtonProps={{ htmlType: 'submit', form: FORM }}
      onCancel={onClose}
    >
      <p className="quiet">{access.setPasswordHint}</p>
      <NewPasswordForm id={FORM} name={account.name} askOld={false} onSubmit={({ newPassword }) => set.mutate(newPassword)}>
        <ProblemAlert error={set.error} />
      </NewPasswordForm>
    </Modal>
  );
}
