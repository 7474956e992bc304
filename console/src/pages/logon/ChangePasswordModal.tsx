import { App, Form, Modal } from '@oceanbase/design';
import { useMutation } from '@tanstack/react-query';

import { useLabels } from '../../locales';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { NewPasswordFields, type NewPassword } from './NewPasswordFields';
import { useMe } from './me';
import { changePassword } from './password';

/** A change of one's own password, whenever one likes. */
export function ChangePasswordModal({ onClose }: { onClose: () => void }) {
  const { logOn, frame, actions } = useLabels();
  const { message } = App.useApp();
  const me = useMe();
  const [form] = Form.useForm<NewPassword>();
  const change = useMutation({
    mutationFn: (fields: NewPassword) =>
      changePassword(me.data?.name ?? '', fields.oldPassword ?? '', fields.newPassword),
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
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form<NewPassword> form={form} layout="vertical" requiredMark={false} onFinish={(fields) => change.mutate(fields)}>
        <NewPasswordFields askOld />
        <ProblemAlert error={change.error} />
      </Form>
    </Modal>
  );
}
