import { useEffect, useId, useRef } from 'react';

import type { Me } from '../../api/types';
import { useLabels } from '../../locales';
import { LogOnForm } from './LogOnForm';

/** The log-on above an open page after the session has ended; typed values stay in the page. */
export function LogOnAgain({ name, onLoggedOn }: { name: string; onLoggedOn: (who: Me, password: string) => void }) {
  const labels = useLabels().logOn;
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    // In the browser's top layer: above drawers and their dialogs, whatever their z-index.
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="logon-again"
      aria-labelledby={id}
      onCancel={(event) => event.preventDefault()}
      onClose={({ currentTarget }) => currentTarget.showModal()}
    >
      <h2 id={id}>{labels.again}</h2>
      <p className="quiet">{labels.againHint}</p>
      <LogOnForm name={name} onLoggedOn={onLoggedOn} />
    </dialog>
  );
}
