import { useEffect, useState } from 'react';

/** What goes away by itself as soon as something in it is chosen. */
const PASSING = '[role=menu], [role=listbox]';

let lastLasting: HTMLElement | undefined;

document.addEventListener('focusin', ({ target }) => {
  if (target instanceof HTMLElement && !target.closest(PASSING)) lastLasting = target;
});

/** Returns what has the keyboard; of a menu, the button that opened it. */
function holder(): Element | null | undefined {
  const { activeElement } = document;
  const isPassing = activeElement === document.body || activeElement?.closest(PASSING);
  return isPassing ? lastLasting : activeElement;
}

/** Gives the keyboard back, when a drawer or dialog has gone, to what opened it. */
export function useReturnFocus(): void {
  const [opener] = useState(holder);
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
