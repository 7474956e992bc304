import { Modal } from '@oceanbase/design';

import type { Me } from '../../api/types';
import { useLabels } from '../../locales';
import { LogOnForm } from './LogOnForm';

/** Above drawers and their dialogs. */
const ABOVE_ALL = 2000;

/** The log-on above a page that stays open: the session has ended, and what was typed is kept. */
export function LogOnAgain({ name, onLoggedOn }: { name: string; onLoggedOn: (who: Me, password: string) => void }) {
  const labels = useLabels().logOn;
  return (
    <Modal open centered width={400} zIndex={ABOVE_ALL} closable={false} keyboard={false} maskClosable={false} footer={null} title={labels.again}>
      <p className="quiet">{labels.againHint}</p>
      <LogOnForm name={name} onLoggedOn={onLoggedOn} />
    </Modal>
  );
}
