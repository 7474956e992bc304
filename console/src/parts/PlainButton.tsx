import type { ButtonHTMLAttributes } from 'react';

interface PlainButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: 'primary' | 'text' | 'small';
  /** Whether its action is still running; then it cannot be pressed again. */
  isBusy?: boolean;
}

/** A button in the look of the design system, for use before that is loaded. */
export function PlainButton({ look = 'small', isBusy = false, children, onClick, ...rest }: PlainButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={`plain-button plain-button-${look}`}
      aria-busy={isBusy}
      aria-disabled={isBusy}
      onClick={(event) => (isBusy ? event.preventDefault() : onClick?.(event))}
    >
      {isBusy ? <span className="spinner spinner-small" aria-hidden="true" /> : null}
      {children}
    </button>
  );
}
