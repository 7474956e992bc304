import { Button } from '@oceanbase/design';

import type { Cluster, Strategy } from '../../api/types';
import { useLabels } from '../../locales';
import { MayButton } from '../../parts/MayButton';
import { useMay } from '../logon/me';
import { useSteer } from './useSteer';

interface StrategyButtonsProps {
  strategy: Strategy;
  /** Of the cluster: log backup can be paused since 4.0. */
  generation: Cluster['generation'];
  /** Whether the buttons stand in a row of a table. */
  isInRow?: boolean;
  onModify: (strategy: Strategy) => void;
}

/** Modify, Pause or Resume, Delete. */
export function StrategyButtons({ strategy, generation, isInRow = false, onModify }: StrategyButtonsProps) {
  const { strategy: words, actions } = useLabels();
  const may = useMay();
  const { ask, isPending } = useSteer();
  const isPaused = !strategy.obBackupScheduleConfig.backupScheduleEnabled;
  const canPauseLogs = strategy.backupMode === 'PHYSICAL_BACKUP' && generation === 'GEN4';
  const buttons = [
    { text: words.modify, press: () => onModify(strategy), danger: false },
    isPaused
      ? { text: words.resume, press: () => ask(strategy, 'resume'), danger: false }
      : { text: words.pause, press: () => ask(strategy, 'pause', canPauseLogs), danger: false },
    { text: actions.delete, press: () => ask(strategy, 'remove'), danger: true },
  ];
  if (isInRow && !may.backUp) return null;
  return (
    <span className="row-buttons">
      {buttons.map(({ text, press, danger }) =>
        isInRow ? (
          <Button key={text} type="link" size="small" className="link-button" disabled={isPending} onClick={press}>
            {text}
          </Button>
        ) : (
          <MayButton key={text} may={may.backUp} danger={danger} disabled={isPending} onClick={press}>
            {text}
          </MayButton>
        ),
      )}
    </span>
  );
}
