import { useMutation } from '@tanstack/react-query';

import type { Me } from '../../api/types';
import { useLabels } from '../../locales';
import { PlainButton } from '../../parts/PlainButton';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { LogOnCard } from './LogOnCard';
import { NewPasswordForm, type NewPassword } from './NewPasswordForm';
import { changePassword } from './password';

interface ActivatePageProps {
  name: string;
  /** The password that was typed at the log-on. */
  given: string | undefined;
  onLoggedOn: (who: Me, password: string) => void;
}

/** The first log-on of an account with an initial password. */
export function ActivatePage({ name, given, onLoggedOn }: ActivatePageProps) {
  const labels = useLabels().logOn;
  const change = useMutation({
    mutationFn: (wish: NewPassword) => changePassword(name, given ?? wish.oldPassword, wish.newPassword),
    onSuccess: (who, { newPassword }) => onLoggedOn(who, newPassword),
  });
  return (
    <LogOnCard title={labels.activate}>
      <p className="quiet">{labels.activateHint}</p>
      <NewPasswordForm name={name} askOld={given === undefined} onSubmit={(wish) => change.mutate(wish)}>
        <ProblemAlert error={change.error} />
        <PlainButton type="submit" look="primary" isBusy={change.isPending}>
          {labels.setPassword}
        </PlainButton>
      </NewPasswordForm>
    </LogOnCard>
  );
}
