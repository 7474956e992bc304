import { App, Form, Input, Modal } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Cluster } from '../../api/types';
import { useLabels } from '../../locales';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { useReturnFocus } from '../../parts/useReturnFocus';

/** The new password of the user that Lifeboat connects as, after it was changed on the cluster. */
export function ClusterPasswordModal({ cluster, onClose }: { cluster: Cluster; onClose: () => void }) {
  useReturnFocus();
  const { clusters, actions, logOn } = useLabels();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [form] = Form.useForm<{ password: string }>();
  const save = useMutation({
    mutationFn: ({ password }: { password: string }) =>
      answer(client.PATCH('/api/v2/ob/clusters/{id}', { params: { path: { id: cluster.id } }, body: { password } })),
    onSuccess: () => {
      void message.success(clusters.passwordSaved);
      void queries.invalidateQueries({ queryKey: keys.cluster(cluster.id) });
      void queries.invalidateQueries({ queryKey: keys.clusters() });
      void queries.invalidateQueries({ queryKey: keys.alarms });
      onClose();
    },
  });
  return (
    <Modal
      open
      title={clusters.passwordTitle(cluster.user, cluster.name)}
      okText={actions.save}
      cancelText={actions.cancel}
      confirmLoading={save.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <p className="quiet">{clusters.passwordHint}</p>
      <Form<{ password: string }>
        form={form}
        name="cluster-password"
        layout="vertical"
        requiredMark={false}
        onFinish={(fields) => save.mutate(fields)}
      >
        <Form.Item name="password" label={clusters.newPassword} rules={[{ required: true, message: logOn.passwordMissing }]}>
          <Input.Password autoFocus autoComplete="off" />
        </Form.Item>
      </Form>
      <ProblemAlert error={save.error} />
    </Modal>
  );
}
