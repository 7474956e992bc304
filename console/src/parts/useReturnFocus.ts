import { useEffect, useState } from 'react';

/** The elements that close by themselves when something in them is selected. */
const PASSING = '[role=menu], [role=listbox]';

let lastLasting: HTMLElement | undefined;

document.addEventListener('focusin', ({ target }) => {
  if (target instanceof HTMLElement && !target.closest(PASSING)) lastLasting = target;
});

/** Returns the focused element; for an element in a menu, the button that opened the menu. */
function holder(): Element | null | undefined {
  const { activeElement } = document;
  const isPassing = activeElement === document.body || activeElement?.closest(PASSING);
  return isPassing ? lastLasting : activeElement;
}

/** Returns the focus to the element that opened a drawer or dialog, after that was closed. */
export function useReturnFocus(): void {
  const [opener] = useState(holder);
  useEffect(
    () => () => {
      // After the drawer has released its focus trap.
      window.setTimeout(() => {
        if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
      });
    },
    [opener],
  );
}
