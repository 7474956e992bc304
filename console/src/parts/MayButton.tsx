import { Button, Tooltip, type ButtonProps } from '@oceanbase/design';

import { useLabels } from '../locales';

/** A button that is disabled, with the reason, for users without the permission. */
export function MayButton({ may, reason, ...button }: ButtonProps & { may: boolean; reason?: string }) {
  const { access } = useLabels();
  if (may) return <Button {...button} />;
  const why = reason ?? access.mayNot;
  return (
    <Tooltip title={why}>
      {/* A disabled button gets no pointer events. The element around it does, and the keyboard reaches it too, so that
          every user can read the reason. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <span className="may-not" tabIndex={0} role="note" aria-label={why}>
        <Button {...button} disabled />
      </span>
    </Tooltip>
  );
}
