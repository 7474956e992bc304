import { Button, Form, Input, Radio, Select } from '@oceanbase/design';

import type { Cluster, TenantWindow } from '../../api/types';
import { useLabels } from '../../locales';
import { formatMoment } from '../../parts/format';
import { Nothing } from '../../parts/PageState';
import { TableTarget } from './TableTarget';
import { endSetsOf, fieldOf, isScn, momentOf, momentProblem, type TenantWish, type Until } from './tenantRecovery';
import { TenantTarget } from './TenantTarget';

interface TenantRecoveryProps {
  window: TenantWindow;
  wish: TenantWish;
  zones: string[];
  /** The generation of the cluster that was backed up; the target must have the same. */
  generation: Cluster['generation'];
  onChange: (part: Partial<TenantWish>) => void;
}

/** The time, the target and the resources of a tenant, or of tables of it, that are recovered from its physical backups. */
export function TenantRecovery({ window, wish, zones, generation, onChange }: TenantRecoveryProps) {
  const { recovery } = useLabels();
  const isEncrypted = window.obRecoverableInfoAggregation.latestSevenDaysAggregation.obRecoverableSectionItems.some(
    ({ dataBackupRecoverableInfo: set }) => set?.encrypted,
  );
  if (window.intervals.length === 0) return <Nothing text={recovery.noMoments} />;
  return (
    <>
      <h3>{recovery.sourceAndTime}</h3>
      <Periods window={window} onChoose={(moment) => onChange({ until: 'time', time: fieldOf(moment) })} />
      <Form.Item label={recovery.until}>
        <Radio.Group
          value={wish.until}
          options={Object.entries(recovery.untils).map(([value, label]) => ({ value, label }))}
          onChange={({ target }) => onChange({ until: target.value as Until })}
        />
      </Form.Item>
      <UntilField window={window} wish={wish} onChange={onChange} />
      {isEncrypted ? (
        <Form.Item label={recovery.password} htmlFor="recovery-password" extra={recovery.passwordHint}>
          <Input.Password
            id="recovery-password"
            autoComplete="off"
            value={wish.password}
            onChange={({ target }) => onChange({ password: target.value })}
          />
        </Form.Item>
      ) : null}
      {/* Before 4.0 only whole tenants can be recovered here. */}
      {generation === 'GEN4' ? (
        <Form.Item label={recovery.content}>
          <Radio.Group
            value={wish.content}
            options={Object.entries(recovery.contents).map(([value, label]) => ({ value, label }))}
            onChange={({ target }) => onChange({ content: target.value as TenantWish['content'], name: '' })}
          />
        </Form.Item>
      ) : null}
      {wish.content === 'tables' ? (
        <TableTarget wish={wish} generation={generation} onChange={onChange} />
      ) : (
        <TenantTarget wish={wish} zones={zones} generation={generation} onChange={onChange} />
      )}
    </>
  );
}

/** The recoverable periods, and the reasons for the gaps; a click selects the end of a period. */
function Periods({ window, onChoose }: { window: TenantWindow; onChoose: (moment: string) => void }) {
  const { recovery } = useLabels();
  return (
    <Form.Item label={recovery.periods}>
      <PeriodList window={window} onChoose={onChoose} />
    </Form.Item>
  );
}

/**
 * The recoverable periods of a tenant, and the reasons for the gaps between them. With `onChoose`, one can be
 * selected.
 */
export function PeriodList({ window, onChoose }: { window: TenantWindow; onChoose?: (moment: string) => void }) {
  const { recovery } = useLabels();
  const periods = window.intervals.map(({ startTime, endTime, proven }) => ({
    from: startTime,
    until: endTime,
    note: proven ? '' : recovery.unproven,
    isPossible: true,
  }));
  const gaps = window.gaps.map(({ afterTime, beforeTime, message }) => ({
    from: afterTime,
    until: beforeTime,
    note: message,
    isPossible: false,
  }));
  const rows = [...periods, ...gaps].sort((a, b) => Date.parse(a.from) - Date.parse(b.from));
  return (
    <ul className="recovery-periods" aria-label={recovery.periods}>
        {rows.map(({ from, until, note, isPossible }) => (
          <li key={`${from} ${until}`} className={isPossible ? undefined : 'quiet'}>
            <span>
              {formatMoment(from)} – {formatMoment(until)}
            </span>
            {note ? <span className="quiet"> {note}</span> : null}
            {isPossible && onChoose ? (
              <Button type="link" size="small" onClick={() => onChoose(until)}>
                {recovery.takeEnd}
              </Button>
            ) : null}
          </li>
        ))}
    </ul>
  );
}

/** The field for the time of the recovery, depending on its form. */
function UntilField({ window, wish, onChange }: Pick<TenantRecoveryProps, 'window' | 'wish' | 'onChange'>) {
  const { recovery } = useLabels();
  if (wish.until === 'time') return <MomentField window={window} time={wish.time} onChange={(time) => onChange({ time })} />;
  if (wish.until === 'scn') {
    const isWrong = wish.scn !== '' && !isScn(wish.scn);
    return (
      <Form.Item label="SCN" htmlFor="recovery-scn" {...(isWrong ? { validateStatus: 'error' as const, help: recovery.scnWrong } : {})}>
        <Input
          id="recovery-scn"
          inputMode="numeric"
          autoComplete="off"
          value={wish.scn}
          onChange={({ target }) => onChange({ scn: target.value })}
        />
      </Form.Item>
    );
  }
  return (
    <Form.Item label={recovery.endSet} htmlFor="recovery-end-set" extra={recovery.endSetHint}>
      <Select
        id="recovery-end-set"
        value={wish.set}
        placeholder={recovery.chooseSet}
        options={endSetsOf(window).map(({ id, end }) => ({ value: id, label: `${id} · ${formatMoment(end)}` }))}
        onChange={(set: number) => onChange({ set })}
      />
    </Form.Item>
  );
}

function MomentField({ window, time, onChange }: { window: TenantWindow; time: string; onChange: (time: string) => void }) {
  const { recovery } = useLabels();
  const moment = time ? momentOf(time) : undefined;
  const problem = moment ? momentProblem(window, moment) : undefined;
  const said = problem ? recovery.outside(problem.nearest.map(formatMoment).join(' / '), problem.reason) : undefined;
  return (
    <Form.Item
      label={recovery.moment}
      htmlFor="recovery-moment"
      extra={recovery.momentHint}
      {...(said ? { validateStatus: 'error' as const, help: said } : {})}
    >
      <Input
        id="recovery-moment"
        type="datetime-local"
        step="0.001"
        value={time}
        onChange={({ target }) => onChange(target.value)}
      />
    </Form.Item>
  );
}
