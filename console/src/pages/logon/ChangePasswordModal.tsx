import { App, Modal } from '@oceanbase/design';
import { useMutation } from '@tanstack/react-query';

import { useLabels } from '../../locales';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { NewPasswordForm, type NewPassword } from './NewPasswordForm';
import { useMe } from './me';
import { changePassword } from './password';

const FORM = 'change-password';

/** Changes the user's own password. */
export function ChangePasswordModal({ onClose }: { onClose: () => void }) {
  useReturnFocus();
  const { logOn, frame, actions } = useLabels();
  const { message } = App.useApp();
  const name = useMe().data?.name ?? '';
  const change = useMutation({
    mutationFn: (wish: NewPassword) => changePassword(name, wish.oldPassword, wish.newPassword),
    onSuccess: () => {
      void message.success(logOn.changed);
      onClose();
    },
  });
  return (
    <Modal
      open
      title={frame.changePassword}
      okText={logOn.setPassword}
      cancelText={actions.cancel}
      confirmLoading={change.isPending}
      okButtonProps={{ htmlType: 'submit', form: FORM }}
      onCancel={onClose}
    >
      <NewPasswordForm id={FORM} name={name} askOld onSubmit={(wish) => change.mutate(wish)}>
        <ProblemAlert error={change.error} />
      </NewPasswordForm>
    </Modal>
  );
}
