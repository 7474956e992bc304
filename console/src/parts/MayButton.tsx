import { Button, Tooltip, type ButtonProps } from '@oceanbase/design';

import { useLabels } from '../locales';

/** A button that stays in its place, off and with the reason, for whoever may not press it. */
export function MayButton({ may, reason, ...button }: ButtonProps & { may: boolean; reason?: string }) {
  const { access } = useLabels();
  if (may) return <Button {...button} />;
  const why = reason ?? access.mayNot;
  return (
    <Tooltip title={why}>
      {/* A button that is off takes no pointer; what surrounds it does, and is reached by keyboard too: the reason is
          for everybody. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <span className="may-not" tabIndex={0} role="note" aria-label={why}>
        <Button {...button} disabled />
      </span>
    </Tooltip>
  );
}
