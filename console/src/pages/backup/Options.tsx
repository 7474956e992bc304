import { Checkbox, Form, InputNumber, Radio, Select } from '@oceanbase/design';

import type { Ability, BackupMode, DataBackupMode } from '../../api/types';
import { useLabels } from '../../locales';
import type { Draft } from './draft';

interface PartProps {
  draft: Draft;
  ability: Ability;
  onChange: (part: Partial<Draft>) => void;
}

/** Physical or logical, where a cluster offers both; a fact where it does not. */
export function MethodChoice({ draft, ability, onChange }: PartProps) {
  const { words } = useLabels();
  if (ability.backupAbility !== 'LOGICAL_AND_PHYSICAL') return <>{words.backupMode[draft.method]}</>;
  return (
    <Radio.Group
      value={draft.method}
      onChange={(event) => onChange({ method: event.target.value as BackupMode, mode: 'FULL_BACKUP' })}
      options={(['PHYSICAL_BACKUP', 'LOGICAL_BACKUP'] as const).map((value) => ({
        value,
        label: words.backupMode[value],
      }))}
    />
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

/** What hardly anybody has to choose. */
export function Options({ draft, onChange }: Omit<PartProps, 'ability'>) {
  const { backUpNow } = useLabels();
  if (draft.method === 'PHYSICAL_BACKUP') {
    return (
      <Checkbox
        checked={draft.autoCompaction}
        onChange={(event: { target: { checked: boolean } }) => onChange({ autoCompaction: event.target.checked })}
      >
        {backUpNow.autoCompaction}
      </Checkbox>
    );
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
