import { Checkbox, Form, InputNumber } from '@oceanbase/design';

import type { Cluster } from '../../api/types';
import { ExpiringNow } from './ExpiringNow';
import { useCleanUpWords } from './cleanUpWords';
import { RETENTION_DAYS_MAX, type CleanUpDraft, type StrategyDraft } from './draft';
import type { Refused } from './refused';
import { TimeField } from './TimeField';

interface CleanUpFieldsProps {
  draft: StrategyDraft;
  cluster: Pick<Cluster, 'id' | 'generation'>;
  refused: Refused;
  onChange: (cleanUp: CleanUpDraft) => void;
  /** What the form shows of the delete policies has changed. */
  onSeen: (seen: string) => void;
}

/** The clean-up settings. Before 4.0, there are none for physical backup, with a note who deletes instead. */
export function CleanUpFields({ draft, cluster, refused, onChange, onSeen }: CleanUpFieldsProps) {
  const words = useCleanUpWords();
  const { cleanUp, method } = draft;
  const isLogical = method === 'LOGICAL_BACKUP';
  const isOffered = isLogical || cluster.generation === 'GEN4';
  const isOn = isOffered && cleanUp.isOn;
  const fault = refused('cleanUp');
  return (
    <div className="choice" data-testid="clean-up-fields">
      <Checkbox
        checked={isOn}
        disabled={!isOffered}
        onChange={(event: { target: { checked: boolean } }) => onChange({ ...cleanUp, isOn: event.target.checked })}
      >
        {words.on}
      </Checkbox>
      {isOffered ? (
        <p className="quiet hint choice-hint">{isLogical ? words.onHint : words.onHintPhysical}</p>
      ) : (
        <p className="quiet hint choice-hint" data-testid="no-clean-up">
          {words.before4}
        </p>
      )}
      {fault.help ? <Form.Item {...fault} /> : null}
      {isOn ? (
        <Retention
          cleanUp={cleanUp}
          zone={isLogical ? (cleanUp.offset ?? draft.schedule.zone) : undefined}
          refused={refused}
          onChange={(next) => onChange({ ...next, takesOver: false, seen: undefined })}
        />
      ) : null}
      {isOn && !isLogical ? (
        <ExpiringNow
          cluster={cluster.id}
          tenant={draft.tenant}
          storage={draft.storage.kind === 'saved' ? draft.storage.savedId : undefined}
          days={cleanUp.days}
          takesOver={cleanUp.takesOver}
          seen={cleanUp.seen}
          onSeen={onSeen}
          onTakeOver={(takesOver) => onChange({ ...cleanUp, takesOver })}
        />
      ) : null}
    </div>
  );
}

interface RetentionProps {
  cleanUp: CleanUpDraft;
  /** The time zone of the clean-up time; undefined if the database decides when it deletes. */
  zone: string | undefined;
  refused: Refused;
  onChange: (cleanUp: CleanUpDraft) => void;
}

/** The retention period, the clean-up time, and the sets that are always kept. */
function Retention({ cleanUp, zone, refused, onChange }: RetentionProps) {
  const words = useCleanUpWords();
  const missing = cleanUp.days === null ? { validateStatus: 'error' as const, help: words.daysMissing(RETENTION_DAYS_MAX) } : {};
  return (
    <div className="choice-hint">
      <div className="option-row">
        <Form.Item label={words.days} htmlFor="retention-days" extra={zone ? words.daysHint : words.daysHintPhysical} {...missing} {...refused('retentionDays')}>
          <InputNumber
            id="retention-days"
            min={1}
            max={RETENTION_DAYS_MAX}
            precision={0}
            value={cleanUp.days}
            onChange={(days) => onChange({ ...cleanUp, days: typeof days === 'number' ? days : null })}
          />
        </Form.Item>
        {zone ? (
          <Form.Item label={words.time} htmlFor="clean-up-time" extra={words.timeHint(zone)} {...refused('cleanUpTime')}>
            <TimeField id="clean-up-time" value={cleanUp.time} onChange={(time) => onChange({ ...cleanUp, time })} />
          </Form.Item>
        ) : null}
      </div>
      {zone ? (
        <p className="quiet hint" data-testid="always-kept">
          {words.always}
        </p>
      ) : null}
    </div>
  );
}
