import type { ReactNode } from 'react';

import { useLabels } from '../../locales';
import { Field } from '../../parts/Field';
import { useFields } from '../../parts/useFields';

export interface NewPassword {
  oldPassword: string;
  newPassword: string;
}

const FIELDS = ['oldPassword', 'newPassword', 'repeat'] as const;

interface NewPasswordFormProps {
  /** The ID of the form, for a button outside it. */
  id?: string;
  /** The name of the account, which password managers need. */
  name: string;
  /** Whether the form has a field for the current password: not if it was just typed at the log-on. */
  askOld: boolean;
  onSubmit: (wish: NewPassword) => void;
  /** The elements below the fields. */
  children?: ReactNode;
}

/** The form for a change of password. */
export function NewPasswordForm({ id, name, askOld, onSubmit, children }: NewPasswordFormProps) {
  const labels = useLabels().logOn;
  const { errors, form } = useFields(
    FIELDS,
    ({ oldPassword, newPassword, repeat }) => ({
      oldPassword: askOld && !oldPassword ? labels.passwordMissing : undefined,
      newPassword: newPassword.length < 8 || newPassword.length > 128 ? labels.rule : undefined,
      repeat: repeat === newPassword ? undefined : labels.differs,
    }),
    onSubmit,
  );
  return (
    <form id={id} {...form}>
      <input type="text" name="username" autoComplete="username" value={name} readOnly hidden />
      {askOld ? (
        <Field
          name="oldPassword"
          label={labels.oldPassword}
          error={errors.oldPassword}
          isSecret
          autoFocus
          autoComplete="current-password"
        />
      ) : null}
      <Field
        name="newPassword"
        label={labels.newPassword}
        hint={labels.rule}
        error={errors.newPassword}
        isSecret
        autoFocus={!askOld}
        autoComplete="new-password"
      />
      <Field name="repeat" label={labels.repeat} error={errors.repeat} isSecret autoComplete="new-password" />
      {children}
    </form>
  );
}
