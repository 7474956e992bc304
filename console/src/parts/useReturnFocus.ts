import { useEffect, useState } from 'react';

/** Gives the keyboard back, when a drawer or dialog has gone, to what opened it. */
export function useReturnFocus(): void {
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      // After the drawer has released the focus that it keeps inside.
      window.setTimeout(() => {
        if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
      });
    },
    [opener],
  );
}
