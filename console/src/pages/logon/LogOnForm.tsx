import { Button, Form, Input } from '@oceanbase/design';
import { useMutation } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import type { Me } from '../../api/types';
import { useLabels } from '../../locales';
import { ProblemAlert } from '../../parts/ProblemAlert';

interface Fields {
  name: string;
  password: string;
}

/** Logs on with name and password; the server answers with a cookie. */
export async function logOn({ name, password }: Fields): Promise<Me> {
  return answer(client.POST('/api/v2/session', { body: { name, password } }));
}

interface LogOnFormProps {
  /** The user who was logged on before. */
  name?: string;
  onLoggedOn: (who: Me, password: string) => void;
}

/** User name and password. */
export function LogOnForm({ name, onLoggedOn }: LogOnFormProps) {
  const labels = useLabels().logOn;
  const attempt = useMutation({
    mutationFn: logOn,
    onSuccess: (who, { password }) => onLoggedOn(who, password),
  });
  return (
    <Form<Fields>
      name="log-on"
      layout="vertical"
      requiredMark={false}
      initialValues={{ name }}
      onFinish={(fields) => attempt.mutate(fields)}
    >
      <Form.Item name="name" label={labels.user} rules={[{ required: true, message: labels.userMissing }]}>
        <Input autoFocus={!name} autoComplete="username" size="large" />
      </Form.Item>
      <Form.Item name="password" label={labels.password} rules={[{ required: true, message: labels.passwordMissing }]}>
        <Input.Password autoFocus={Boolean(name)} autoComplete="current-password" size="large" />
      </Form.Item>
      <ProblemAlert error={attempt.error} />
      <Button type="primary" htmlType="submit" size="large" block loading={attempt.isPending}>
        {labels.submit}
      </Button>
    </Form>
  );
}
