import { Alert, Button, Form, Input, InputNumber, Modal, Table, Typography } from '@oceanbase/design';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { components } from '../../api/schema';
import { useLabels } from '../../locales';
import { Moment } from '../../parts/Moment';
import { Loaded, Nothing } from '../../parts/PageState';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { useReport } from '../../parts/report';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { useDangerQuestion } from '../../parts/useDangerQuestion';

type Token = components['schemas']['TokenView'];

interface Fields {
  name: string;
  days?: number | null;
}

/** The user's own API tokens: created, shown once, revoked. */
export function TokensModal({ onClose }: { onClose: () => void }) {
  useReturnFocus();
  const { access } = useLabels();
  const queries = useQueryClient();
  const tokens = useQuery({ queryKey: keys.tokens, queryFn: () => answer(client.GET('/api/v2/users/me/tokens')) });
  const [form] = Form.useForm<Fields>();
  const create = useMutation({
    mutationFn: ({ name, days }: Fields) =>
      answer(client.POST('/api/v2/users/me/tokens', { body: days ? { name, days } : { name } })),
    onSuccess: () => {
      form.resetFields();
      void queries.invalidateQueries({ queryKey: keys.tokens });
    },
  });
  return (
    <Modal open width={760} title={access.tokens} footer={null} onCancel={onClose}>
      <p className="quiet">{access.tokensHint}</p>
      <Form<Fields> form={form} layout="inline" requiredMark={false} onFinish={(fields) => create.mutate(fields)}>
        <Form.Item name="name" label={access.tokenName} rules={[{ required: true, max: 64, message: access.tokenName }]}>
          <Input maxLength={64} autoComplete="off" />
        </Form.Item>
        <Form.Item name="days" label={access.tokenDays}>
          <InputNumber min={1} max={3650} precision={0} placeholder={access.never} />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={create.isPending}>
          {access.tokenCreate}
        </Button>
      </Form>
      <div aria-live="polite" className="token-new">
        {create.data ? (
          <Alert
            type="success"
            showIcon
            message={access.tokenOnce}
            description={
              <Typography.Text code copyable>
                {create.data.token}
              </Typography.Text>
            }
          />
        ) : null}
        <ProblemAlert error={create.error} />
      </div>
      <Loaded query={tokens}>
        {({ contents }) => (
          <TokenTable tokens={contents} onRevoked={(id) => (id === create.data?.id ? create.reset() : undefined)} />
        )}
      </Loaded>
    </Modal>
  );
}

function TokenTable({ tokens, onRevoked }: { tokens: Token[]; onRevoked: (id: number) => void }) {
  const { access, storage, backup } = useLabels();
  const confirm = useDangerQuestion();
  const report = useReport();
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: (id: number) => answer(client.DELETE('/api/v2/users/me/tokens/{id}', { params: { path: { id } } })),
    onSuccess: (_, id) => {
      onRevoked(id);
      void queries.invalidateQueries({ queryKey: keys.tokens });
    },
    onError: report.failed,
  });
  const ask = ({ id, name }: Token) =>
    confirm(access.revokeTitle(name), access.revokeText, access.revoke, () => revoke.mutateAsync(id));
  return (
    <Table<Token>
      size="small"
      rowKey="id"
      dataSource={tokens}
      pagination={tokens.length > 10 ? { pageSize: 10 } : false}
      locale={{ emptyText: <Nothing text={access.noTokens} /> }}
      scroll={{ x: 'max-content' }}
      columns={[
        { title: access.tokenName, dataIndex: 'name' },
        { title: storage.created, dataIndex: 'createTime', render: (at: string) => <Moment at={at} /> },
        { title: access.expires, dataIndex: 'expireTime', render: (at?: string) => <Moment at={at} none={access.never} /> },
        { title: access.lastUsed, dataIndex: 'lastUseTime', render: (at?: string) => <Moment at={at} /> },
        {
          title: backup.actions,
          render: (_, token) => (
            <Button type="link" size="small" className="link-button" onClick={() => ask(token)}>
              {access.revoke}
            </Button>
          ),
        },
      ]}
    />
  );
}
