import { Checkbox, Form, Input, InputNumber, Radio, Select } from '@oceanbase/design';

import type { Ability, BackupMode, Cluster, DataBackupMode } from '../../api/types';
import { useLabels } from '../../locales';
import { Prose } from '../../parts/Prose';
import { isPasswordSure, type Draft } from './draft';

interface PartProps {
  draft: Draft;
  ability: Ability;
  onChange: (part: Partial<Draft>) => void;
}

/** The choice of physical or logical, if a cluster offers both; otherwise the only method as text. */
export function MethodChoice({ draft, ability, onChange }: PartProps) {
  const { words } = useLabels();
  if (ability.backupAbility !== 'LOGICAL_AND_PHYSICAL') return <>{words.backupMode[draft.method]}</>;
  const { logicalDisabled: why } = ability;
  return (
    <>
      <Radio.Group
        value={draft.method}
        onChange={(event) => onChange({ method: event.target.value as BackupMode, mode: 'FULL_BACKUP' })}
        options={(['PHYSICAL_BACKUP', 'LOGICAL_BACKUP'] as const).map((value) => ({
          value,
          label: words.backupMode[value],
          disabled: value === 'LOGICAL_BACKUP' && Boolean(why),
        }))}
      />
      {why ? (
        <p className="quiet hint" data-testid="no-logical">
          <Prose text={[why.message, why.action].filter(Boolean).join('. ')} />
        </p>
      ) : null}
    </>
  );
}

/** Full or incremental; logical backup offers only full. */
export function ModeChoice({ draft, ability, onChange }: PartProps) {
  const { backUpNow } = useLabels();
  const support = ability.obDataBackupSupportAbility;
  const isLogical = draft.method === 'LOGICAL_BACKUP';
  const options = [{ value: 'FULL_BACKUP', label: backUpNow.full }];
  if (!isLogical && support.incrementBackupEnabled) {
    options.push({ value: 'INCREMENTAL_BACKUP', label: backUpNow.incremental });
  }
  const hint = isLogical ? backUpNow.logicalFullOnly : support.hint;
  return (
    <>
      <Radio.Group
        aria-label={backUpNow.mode}
        value={draft.mode}
        options={options}
        onChange={(event) => onChange({ mode: event.target.value as DataBackupMode })}
      />
      {hint ? <p className="quiet hint">{hint}</p> : null}
    </>
  );
}

interface OptionsProps extends Omit<PartProps, 'ability'> {
  generation: Cluster['generation'];
}

/** The options that few users need. */
export function Options({ draft, generation, onChange }: OptionsProps) {
  const { backUpNow } = useLabels();
  if (draft.method === 'PHYSICAL_BACKUP') {
    return <PhysicalOptions draft={draft} generation={generation} onChange={onChange} />;
  }
  return (
    <div className="option-row">
      <Form.Item label={backUpNow.compression} htmlFor="option-compression">
        <Select
          id="option-compression"
          value={draft.compression}
          onChange={(compression: string) => onChange({ compression })}
          options={[
            { value: '', label: backUpNow.preset },
            { value: 'zstd:1', label: backUpNow.compressionFast },
            { value: 'zstd:6', label: backUpNow.compressionBalanced },
            { value: 'zstd:19', label: backUpNow.compressionSmall },
            { value: 'lz4', label: backUpNow.compressionLz4 },
            { value: 'none', label: backUpNow.compressionNone },
          ]}
        />
      </Form.Item>
      <Form.Item label={backUpNow.threads} htmlFor="option-threads">
        <InputNumber
          id="option-threads"
          min={1}
          max={64}
          value={draft.threads}
          placeholder={backUpNow.preset}
          onChange={(threads) => onChange({ threads: typeof threads === 'number' ? threads : null })}
        />
      </Form.Item>
    </div>
  );
}

function PhysicalOptions({ draft, generation, onChange }: OptionsProps) {
  const { backUpNow, logOn } = useLabels();
  return (
    <>
      <Choice
        text={backUpNow.autoCompaction}
        hint={backUpNow.autoCompactionHint}
        checked={draft.autoCompaction}
        onChange={(autoCompaction) => onChange({ autoCompaction })}
      />
      {generation === 'GEN4' ? (
        <>
          <Choice
            text={backUpNow.plusArchivelog}
            hint={backUpNow.plusArchivelogHint}
            checked={draft.plusArchivelog}
            onChange={(plusArchivelog) => onChange({ plusArchivelog })}
          />
          <Choice
            text={backUpNow.acceptDeletions}
            hint={backUpNow.acceptDeletionsHint}
            checked={draft.acceptDeletions}
            onChange={(acceptDeletions) => onChange({ acceptDeletions })}
          />
        </>
      ) : null}
      <Form.Item label={backUpNow.encryption} htmlFor="option-password" extra={backUpNow.encryptionHint}>
        <Input.Password
          id="option-password"
          value={draft.password}
          autoComplete="new-password"
          onChange={(event) => onChange({ password: event.target.value, ...(event.target.value ? {} : { passwordAgain: '' }) })}
        />
      </Form.Item>
      {draft.password ? (
        <Form.Item
          label={backUpNow.encryptionAgain}
          htmlFor="option-password-again"
          {...(isPasswordSure(draft) ? {} : { validateStatus: 'error' as const, help: logOn.differs })}
        >
          <Input.Password
            id="option-password-again"
            value={draft.passwordAgain}
            autoComplete="new-password"
            onChange={(event) => onChange({ passwordAgain: event.target.value })}
          />
        </Form.Item>
      ) : null}
    </>
  );
}

interface ChoiceProps {
  text: string;
  hint: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

function Choice({ text, hint, checked, onChange }: ChoiceProps) {
  return (
    <div className="choice">
      <Checkbox
        checked={checked}
        onChange={(event: { target: { checked: boolean } }) => onChange(event.target.checked)}
      >
        {text}
      </Checkbox>
      <p className="quiet hint choice-hint">{hint}</p>
    </div>
  );
}
