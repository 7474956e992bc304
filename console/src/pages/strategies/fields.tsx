import { Checkbox, Form, InputNumber, Radio, Select } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';

import type { Ability, BackupMode, Cluster, Strategy } from '../../api/types';
import { useLabels, useLanguage } from '../../locales';
import { Prose } from '../../parts/Prose';
import { sentences } from '../../parts/sentences';
import { tenantsQuery } from '../backup/queries';
import type { StrategyDraft } from './draft';
import { useLogBackupWords } from './logBackupWords';
import type { Refused } from './refused';

interface ObjectFieldProps {
  cluster: Cluster;
  strategies: Strategy[];
  tenant: number | undefined;
  refused: Refused;
  onChange: (tenant: number | undefined) => void;
}

/** The whole cluster, or one tenant; what has a strategy already cannot be chosen. */
export function ObjectField({ cluster, strategies, tenant, refused, onChange }: ObjectFieldProps) {
  const { strategy } = useLabels();
  const hasTenants = cluster.generation !== 'GEN3';
  const tenants = useQuery({ ...tenantsQuery(cluster.id), enabled: hasTenants });
  const has = (id: number | undefined) => strategies.some(({ tenantId }) => (tenantId ?? undefined) === id);
  const option = (value: number, label: string, id: number | undefined) => ({
    value,
    label: has(id) ? `${label} · ${strategy.alone}` : label,
    disabled: has(id),
  });
  const options = [
    option(WHOLE, strategy.wholeCluster(cluster.name), undefined),
    ...(tenants.data?.contents ?? []).map(({ id, name, physicalDisabled, logicalDisabled }) => {
      const known = option(id, strategy.ofTenant(name), id);
      const why = physicalDisabled && logicalDisabled ? physicalDisabled : undefined;
      return why ? { ...known, disabled: true, title: why.message } : known;
    }),
  ];
  return (
    <Form.Item extra={hasTenants ? strategy.ofTenantsHint : strategy.objectOld} {...refused('object')}>
      <Select
        aria-label={strategy.object}
        value={tenant ?? (has(undefined) ? undefined : WHOLE)}
        placeholder={strategy.chooseTenant}
        options={options}
        loading={tenants.isLoading}
        showSearch
        optionFilterProp="label"
        onChange={(wish: number) => onChange(wish === WHOLE ? undefined : wish)}
      />
    </Form.Item>
  );
}

/** Stands for the whole cluster among the numbers of tenants. */
const WHOLE = 0;

interface MethodFieldProps {
  method: BackupMode;
  ability: Ability;
  refused: Refused;
  onChange: (method: BackupMode) => void;
}

/** Physical or logical, where the cluster offers both. */
export function MethodField({ method, ability, refused, onChange }: MethodFieldProps) {
  const { strategy, words } = useLabels();
  const language = useLanguage();
  const why = ability.logicalDisabled;
  const isBoth = ability.backupAbility === 'LOGICAL_AND_PHYSICAL';
  return (
    <Form.Item extra={method === 'LOGICAL_BACKUP' ? strategy.methodLogical : undefined} {...refused('method')}>
      {isBoth ? (
        <Radio.Group
          aria-label={strategy.method}
          value={method}
          onChange={(event) => onChange(event.target.value as BackupMode)}
          options={(['PHYSICAL_BACKUP', 'LOGICAL_BACKUP'] as const).map((value) => ({
            value,
            label: words.backupMode[value],
            disabled: value === 'LOGICAL_BACKUP' && Boolean(why),
          }))}
        />
      ) : (
        <span>{words.backupMode[method]}</span>
      )}
      {isBoth && why ? (
        <p className="quiet hint">
          <Prose text={sentences({ ...why, cause: null }, language)} />
        </p>
      ) : null}
    </Form.Item>
  );
}

interface LogBackupFieldsProps {
  draft: StrategyDraft;
  onChange: (part: Partial<StrategyDraft>) => void;
}

/** Whether a run starts log backup, and whether interrupted log backup is restarted. */
export function LogBackupFields({ draft: { startLogBackup, restartLogBackup }, onChange }: LogBackupFieldsProps) {
  const { strategy } = useLabels();
  const logs = useLogBackupWords();
  return (
    <>
      <Choice text={strategy.logBackup} hint={strategy.logBackupHint} checked={startLogBackup} onChange={(wish) => onChange({ startLogBackup: wish })} />
      <Choice text={logs.restart} hint={logs.restartHint} checked={restartLogBackup} onChange={(wish) => onChange({ restartLogBackup: wish })} />
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
      <Checkbox checked={checked} onChange={(event: { target: { checked: boolean } }) => onChange(event.target.checked)}>
        {text}
      </Checkbox>
      <p className="quiet hint choice-hint">{hint}</p>
    </div>
  );
}

interface ThresholdsProps {
  draft: StrategyDraft;
  refused: Refused;
  onChange: (part: Partial<StrategyDraft>) => void;
}

/** When an alarm is raised. */
export function Thresholds({ draft, refused, onChange }: ThresholdsProps) {
  const { strategy } = useLabels();
  const fault = refused('thresholds');
  return (
    <>
      <div className="option-row">
        <Amount
          id="strategy-timeout"
          label={strategy.inUnit(strategy.timeout, strategy.unitMinutes)}
          placeholder={strategy.never}
          max={10_080}
          value={draft.timeoutMinutes}
          onChange={(timeoutMinutes) => onChange({ timeoutMinutes })}
        />
        <Amount
          id="strategy-no-success"
          label={strategy.inUnit(strategy.noSuccess, strategy.unitDays)}
          max={366}
          value={draft.noSuccessDays}
          onChange={(noSuccessDays) => onChange({ noSuccessDays })}
        />
        {draft.method === 'PHYSICAL_BACKUP' ? (
          <Amount
            id="strategy-log-delay"
            label={strategy.inUnit(strategy.logDelay, strategy.unitSeconds)}
            max={86_400}
            value={draft.logDelaySeconds}
            onChange={(logDelaySeconds) => onChange({ logDelaySeconds })}
          />
        ) : null}
      </div>
      {fault.help ? <Form.Item {...fault} /> : null}
    </>
  );
}

interface AmountProps {
  id: string;
  label: string;
  extra?: string | undefined;
  placeholder?: string;
  max: number;
  value: number | null;
  onChange: (value: number | null) => void;
}

/** A whole number from 1 on. */
export function Amount({ id, label, extra, placeholder, max, value, onChange }: AmountProps) {
  return (
    <Form.Item label={label} htmlFor={id} extra={extra}>
      <InputNumber
        id={id}
        min={1}
        max={max}
        precision={0}
        {...(placeholder ? { placeholder } : {})}
        value={value}
        onChange={(wish) => onChange(typeof wish === 'number' ? wish : null)}
      />
    </Form.Item>
  );
}
