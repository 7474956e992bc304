import { useMutation } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import type { Me } from '../../api/types';
import { useLabels } from '../../locales';
import { Field } from '../../parts/Field';
import { PlainButton } from '../../parts/PlainButton';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { useFields } from '../../parts/useFields';

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
export function LogOnForm({ name = '', onLoggedOn }: LogOnFormProps) {
  const labels = useLabels().logOn;
  const attempt = useMutation({
    mutationFn: logOn,
    onSuccess: (who, { password }) => onLoggedOn(who, password),
  });
  const { errors, form } = useFields(
    ['name', 'password'],
    (fields) => ({
      name: fields.name ? undefined : labels.userMissing,
      password: fields.password ? undefined : labels.passwordMissing,
    }),
    (fields) => attempt.mutate(fields),
  );
  return (
    <form {...form}>
      <Field name="name" label={labels.user} defaultValue={name} error={errors.name} autoFocus={!name} autoComplete="username" />
      <Field
        name="password"
        label={labels.password}
        error={errors.password}
        isSecret
        autoFocus={Boolean(name)}
        autoComplete="current-password"
      />
      <ProblemAlert error={attempt.error} />
      <PlainButton type="submit" look="primary" isBusy={attempt.isPending}>
        {labels.submit}
      </PlainButton>
    </form>
  );
}
