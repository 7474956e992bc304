import { Checkbox, Form, InputNumber } from '@oceanbase/design';

import type { Cluster } from '../../api/types';
import { useCleanUpWords } from './cleanUpWords';
import { RETENTION_DAYS_MAX, type CleanUpDraft, type StrategyDraft } from './draft';
import type { Refused } from './refused';
import { TimeField } from './TimeField';

interface CleanUpFieldsProps {
  draft: StrategyDraft;
  generation: Cluster['generation'];
  refused: Refused;
  onChange: (cleanUp: CleanUpDraft) => void;
}

/** The clean-up settings of logical backup; for physical backup, a note that Lifeboat does not delete backups. */
export function CleanUpFields({ draft, generation, refused, onChange }: CleanUpFieldsProps) {
  const words = useCleanUpWords();
  const { cleanUp, method } = draft;
  const isLogical = method === 'LOGICAL_BACKUP';
  const isOn = isLogical && cleanUp.isOn;
  const fault = refused('cleanUp');
  return (
    <div className="choice">
      <Checkbox
        checked={isOn}
        disabled={!isLogical}
        onChange={(event: { target: { checked: boolean } }) => onChange({ ...cleanUp, isOn: event.target.checked })}
      >
        {words.on}
      </Checkbox>
      {isLogical ? (
        <p className="quiet hint choice-hint">{words.onHint}</p>
      ) : (
        <p className="quiet hint choice-hint" data-testid="no-clean-up">
          {generation === 'GEN3' ? words.physical.GEN3 : words.physical.GEN4}
        </p>
      )}
      {fault.help ? <Form.Item {...fault} /> : null}
      {isOn ? <Retention cleanUp={cleanUp} zone={cleanUp.offset ?? draft.schedule.zone} refused={refused} onChange={onChange} /> : null}
    </div>
  );
}

interface RetentionProps {
  cleanUp: CleanUpDraft;
  /** The time zone of the clean-up time. */
  zone: string;
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
        <Form.Item label={words.days} htmlFor="retention-days" extra={words.daysHint} {...missing} {...refused('retentionDays')}>
          <InputNumber
            id="retention-days"
            min={1}
            max={RETENTION_DAYS_MAX}
            precision={0}
            value={cleanUp.days}
            onChange={(days) => onChange({ ...cleanUp, days: typeof days === 'number' ? days : null })}
          />
        </Form.Item>
        <Form.Item label={words.time} htmlFor="clean-up-time" extra={words.timeHint(zone)} {...refused('cleanUpTime')}>
          <TimeField id="clean-up-time" value={cleanUp.time} onChange={(time) => onChange({ ...cleanUp, time })} />
        </Form.Item>
      </div>
      <p className="quiet hint" data-testid="always-kept">
        {words.always}
      </p>
    </div>
  );
}
