import type { ButtonHTMLAttributes } from 'react';

interface PlainButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: 'primary' | 'text' | 'small';
  /** Whether what it started is still going on; then it cannot be pressed again. */
  isBusy?: boolean;
}

/** A button that looks like the design's before the design is loaded. */
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
