import { App, Form, Input, Modal } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import { useLabels } from '../../locales';
import { ProblemAlert } from '../../parts/ProblemAlert';

interface Fields {
  name: string;
  key: string;
}

/** Trusts the key of another installation under a name. */
export function TrustKeyModal({ onClose }: { onClose: () => void }) {
  const { signing, actions } = useLabels();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [form] = Form.useForm<Fields>();
  const trust = useMutation({
    mutationFn: ({ name, key }: Fields) =>
      answer(client.POST('/api/v2/signingKeys/trusted', { body: { name: name.trim(), key: key.trim() } })),
    onSuccess: (said) => {
      void message.success(signing.added);
      queries.setQueryData(keys.signingKeys, said);
      void queries.invalidateQueries({ queryKey: keys.origins });
      onClose();
    },
  });
  return (
    <Modal
      open
      title={signing.add}
      okText={signing.add}
      cancelText={actions.cancel}
      confirmLoading={trust.isPending}
      onOk={form.submit}
      onCancel={onClose}
    >
      <Form<Fields> form={form} layout="vertical" requiredMark={false} onFinish={(fields) => trust.mutate(fields)}>
        <Form.Item name="name" label={signing.name} extra={signing.nameRule} rules={[{ required: true, message: signing.nameRule }]}>
          <Input maxLength={64} autoComplete="off" />
        </Form.Item>
        <Form.Item
          name="key"
          label={signing.publicKey}
          rules={[{ required: true, pattern: /^\s*ed25519:[0-9a-f]{64}\s*$/, message: signing.publicKeyRule }]}
        >
          <Input autoComplete="off" />
        </Form.Item>
      </Form>
      <ProblemAlert error={trust.error} />
    </Modal>
  );
}
