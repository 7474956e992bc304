import { Button, Form } from '@oceanbase/design';
import { useMutation } from '@tanstack/react-query';

import type { Me } from '../../api/types';
import { useLabels } from '../../locales';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { LogOnCard } from './LogOnCard';
import { NewPasswordFields, type NewPassword } from './NewPasswordFields';
import { changePassword } from './password';

interface ActivatePageProps {
  name: string;
  /** The password that was typed a moment ago. */
  given: string | undefined;
  onLoggedOn: (who: Me, password: string) => void;
}

/** The first log-on of an account whose password somebody else has made. */
export function ActivatePage({ name, given, onLoggedOn }: ActivatePageProps) {
  const labels = useLabels().logOn;
  const change = useMutation({
    mutationFn: (fields: NewPassword) => changePassword(name, given ?? fields.oldPassword ?? '', fields.newPassword),
    onSuccess: (who, { newPassword }) => onLoggedOn(who, newPassword),
  });
  return (
    <LogOnCard title={labels.activate}>
      <p className="quiet">{labels.activateHint}</p>
      <Form<NewPassword> layout="vertical" requiredMark={false} onFinish={(fields) => change.mutate(fields)}>
        <input type="text" name="username" autoComplete="username" value={name} readOnly hidden />
        <NewPasswordFields askOld={given === undefined} />
        <ProblemAlert error={change.error} />
        <Button type="primary" htmlType="submit" size="large" block loading={change.isPending}>
          {labels.setPassword}
        </Button>
      </Form>
    </LogOnCard>
  );
}
