import { Checkbox, Form, Input, InputNumber, Radio, Select } from '@oceanbase/design';

import type { DataBackupMode, ScheduleCycle, ScheduleMode } from '../../api/types';
import { useLabels } from '../../locales';
import { DayGrid, useDayNames } from './DayGrid';
import { MONTH_DAYS, MONTH_DAYS_MAX, readersZone, WEEK_DAYS, type ScheduleDraft } from './draft';
import type { Refused } from './refused';
import { TimeField } from './TimeField';

interface ScheduleFieldsProps {
  schedule: ScheduleDraft;
  hasIncremental: boolean;
  refused: Refused;
  onChange: (part: Partial<ScheduleDraft>) => void;
}

/** When data are backed up, and when nothing starts. */
export function ScheduleFields(props: ScheduleFieldsProps) {
  const { schedule, refused, onChange } = props;
  const { strategy } = useLabels();
  return (
    <>
      <Form.Item label={strategy.cycle} htmlFor="schedule-cycle">
        <Radio.Group
          id="schedule-cycle"
          aria-label={strategy.cycle}
          optionType="button"
          value={schedule.cycle}
          onChange={(event) => onChange({ cycle: event.target.value as ScheduleMode })}
          options={(['WEEK', 'MONTH', 'CRON'] as const).map((value) => ({ value, label: strategy.cycles[value] }))}
        />
      </Form.Item>
      {schedule.cycle === 'CRON' ? <CronFields {...props} /> : <GridFields {...props} cycle={schedule.cycle} />}
      <div className="option-row">
        {schedule.cycle === 'CRON' ? null : (
          <Form.Item label={strategy.time} htmlFor="schedule-time" {...refused('time')}>
            <TimeField id="schedule-time" value={schedule.time} onChange={(time) => onChange({ time })} />
          </Form.Item>
        )}
        <Form.Item label={strategy.zone} htmlFor="schedule-zone" {...refused('zone')}>
          <Select
            id="schedule-zone"
            showSearch
            value={schedule.zone}
            options={zonesWith(schedule.zone).map((value) => ({ value, label: value }))}
            onChange={(zone: string) => onChange({ zone })}
          />
        </Form.Item>
      </div>
      <Window {...props} />
      <Form.Item label={strategy.inUnit(strategy.jitter, strategy.unitMinutes)} htmlFor="schedule-jitter" extra={strategy.jitterHint} {...refused('jitter')}>
        <InputNumber
          id="schedule-jitter"
          min={0}
          max={240}
          placeholder="0"
          value={schedule.jitterMinutes}
          onChange={(minutes) => onChange({ jitterMinutes: typeof minutes === 'number' ? minutes : null })}
        />
      </Form.Item>
    </>
  );
}

function GridFields({ schedule, cycle, hasIncremental, refused, onChange }: ScheduleFieldsProps & { cycle: ScheduleCycle }) {
  const { strategy } = useLabels();
  const isWeek = cycle === 'WEEK';
  const hint = isWeek ? strategy.daysHint : strategy.daysMonthHint(Object.keys(schedule.month).length, MONTH_DAYS_MAX);
  return (
    <Form.Item label={strategy.days} extra={hint} {...refused('days')}>
      <DayGrid
        cycle={cycle}
        days={isWeek ? schedule.week : schedule.month}
        hasIncremental={hasIncremental}
        onChange={(days) => onChange(isWeek ? { week: days } : { month: days })}
      />
    </Form.Item>
  );
}

function CronFields({ schedule, hasIncremental, refused, onChange }: ScheduleFieldsProps) {
  const { strategy, words } = useLabels();
  const isIncremental = schedule.cronMode === 'INCREMENTAL_BACKUP';
  return (
    <>
      <Form.Item label={strategy.cron} htmlFor="schedule-cron" extra={strategy.cronHint} {...refused('cron')}>
        <Input
          id="schedule-cron"
          className="cron"
          autoComplete="off"
          spellCheck={false}
          maxLength={100}
          value={schedule.cron}
          onChange={(event: React.ChangeEvent<HTMLInputElement>) => onChange({ cron: event.target.value })}
        />
      </Form.Item>
      {hasIncremental ? (
        <Form.Item label={strategy.mode} htmlFor="schedule-mode">
          <Radio.Group
            id="schedule-mode"
            aria-label={strategy.mode}
            value={schedule.cronMode}
            onChange={(event) => onChange({ cronMode: event.target.value as DataBackupMode })}
            options={(['FULL_BACKUP', 'INCREMENTAL_BACKUP'] as const).map((value) => ({ value, label: words.dataBackupMode[value] }))}
          />
        </Form.Item>
      ) : null}
      {hasIncremental && isIncremental ? <FullOn schedule={schedule} refused={refused} onChange={onChange} /> : null}
    </>
  );
}

/** The days whose runs are full, although the others are incremental. */
function FullOn({ schedule, refused, onChange }: Omit<ScheduleFieldsProps, 'hasIncremental'>) {
  const { strategy } = useLabels();
  const nameOf = useDayNames(schedule.fullOnCycle);
  const days = schedule.fullOnCycle === 'WEEK' ? WEEK_DAYS : MONTH_DAYS;
  return (
    <Form.Item label={strategy.fullOn} {...refused('days')}>
      <div className="full-on">
        <Select
          aria-label={strategy.fullOn}
          value={schedule.fullOnCycle}
          options={(['WEEK', 'MONTH'] as const).map((value) => ({ value, label: strategy.fullOnCycles[value] }))}
          onChange={(fullOnCycle: ScheduleCycle) => onChange({ fullOnCycle, fullOnDays: [fullOnCycle === 'WEEK' ? '7' : '1'] })}
        />
        <Select
          aria-label={strategy.fullOnDays}
          mode="multiple"
          value={schedule.fullOnDays}
          options={days.map((value) => ({ value, label: nameOf(value, 'long') }))}
          onChange={(fullOnDays: string[]) => onChange({ fullOnDays })}
        />
      </div>
    </Form.Item>
  );
}

function Window({ schedule, refused, onChange }: Omit<ScheduleFieldsProps, 'hasIncremental'>) {
  const { strategy } = useLabels();
  return (
    <div className="choice">
      <Checkbox
        checked={schedule.hasWindow}
        onChange={(event: { target: { checked: boolean } }) => onChange({ hasWindow: event.target.checked })}
      >
        {strategy.window}
      </Checkbox>
      <p className="quiet hint choice-hint">{strategy.windowHint}</p>
      {schedule.hasWindow ? (
        <div className="choice-hint">
          <Form.Item {...refused('window')}>
            <div className="window">
              <TimeField label={strategy.windowFrom} value={schedule.from} onChange={(from) => onChange({ from })} />
              <span aria-hidden="true">–</span>
              <TimeField label={strategy.windowUntil} value={schedule.until} onChange={(until) => onChange({ until })} />
            </div>
          </Form.Item>
        </div>
      ) : null}
    </div>
  );
}

const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];

/** Returns the zones that can be chosen: the reader's and the chosen one first, which may be an offset. */
function zonesWith(chosen: string): string[] {
  return [...new Set([chosen, readersZone(), ...ZONES])];
}
