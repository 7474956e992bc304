import { useId, useState, type InputHTMLAttributes } from 'react';

import { useLabels } from '../locales';

interface FieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'type'> {
  name: string;
  label: string;
  hint?: string;
  /** The error of the value. */
  error?: string | undefined;
  /** Whether the value is hidden until the user reveals it. */
  isSecret?: boolean;
}

/** A field of a form that is shown before the design system is loaded. */
export function Field({ label, hint, error, isSecret = false, ...input }: FieldProps) {
  const { logOn } = useLabels();
  const id = useId();
  const [isShown, setShown] = useState(false);
  const about = error ?? hint;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="field-box">
        <input
          {...input}
          id={id}
          type={isSecret && !isShown ? 'password' : 'text'}
          aria-invalid={Boolean(error)}
          aria-describedby={about ? `${id}-about` : undefined}
        />
        {isSecret ? (
          <button
            type="button"
            className="field-eye"
            aria-label={logOn.showPassword}
            aria-pressed={isShown}
            onClick={() => setShown((was) => !was)}
          >
            <Eye isShown={isShown} />
          </button>
        ) : null}
      </div>
      {about ? (
        <div id={`${id}-about`} className={error ? 'field-error' : 'quiet'}>
          {about}
        </div>
      ) : null}
    </div>
  );
}

function Eye({ isShown }: { isShown: boolean }) {
  return (
    <svg viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" strokeWidth="1.8" aria-hidden="true">
      <path d="M2 12s3.6-6.5 10-6.5S22 12 22 12s-3.6 6.5-10 6.5S2 12 2 12Z" />
      <circle cx="12" cy="12" r="3" />
      {isShown ? null : <path d="M4 4l16 16" />}
    </svg>
  );
}
