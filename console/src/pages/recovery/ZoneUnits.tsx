import { Form, Input, InputNumber, Radio, Switch } from '@oceanbase/design';

import { useLabels } from '../../locales';
import { unitsOf, type UnitsWish, type ZonesWish } from './zoneUnits';

interface ZoneUnitsProps {
  wish: ZonesWish;
  /** The zones of the target cluster. */
  zones: string[];
  /** Whether units have a log disk; from 4.0 on. */
  hasLogDisk: boolean;
  onChange: (part: Partial<ZonesWish>) => void;
}

/** The units in each zone: an existing unit specification or a new one, the same everywhere or one for each zone. */
export function ZoneUnits({ wish, zones, hasLogDisk, onChange }: ZoneUnitsProps) {
  const { recovery } = useLabels();
  return (
    <>
      {zones.length > 1 ? (
        <Form.Item label={recovery.perZone} htmlFor="recovery-per-zone">
          <Switch id="recovery-per-zone" checked={wish.isPerZone} onChange={(isPerZone) => onChange({ isPerZone })} />
        </Form.Item>
      ) : null}
      {wish.isPerZone ? (
        zones.map((zone) => (
          <div key={zone} role="group" aria-label={zone}>
            <h4>{zone}</h4>
            <UnitsFields
              id={`recovery-${zone}`}
              hint={recovery.existingUnitHint}
              units={unitsOf(wish, zone)}
              hasLogDisk={hasLogDisk}
              onChange={(units) => onChange({ ofZones: { ...wish.ofZones, [zone]: units } })}
            />
          </div>
        ))
      ) : (
        <UnitsFields
          id="recovery"
          hint={recovery.unitHint(zones.join(', '))}
          units={wish.units}
          hasLogDisk={hasLogDisk}
          onChange={(units) => onChange({ units })}
        />
      )}
      <Form.Item label={recovery.unitCount} htmlFor="recovery-unit-count">
        <InputNumber
          id="recovery-unit-count"
          min={1}
          precision={0}
          value={wish.count}
          onChange={(count) => onChange({ count: Number(count) || 1 })}
        />
      </Form.Item>
    </>
  );
}

interface UnitsFieldsProps {
  id: string;
  /** The hint below the name of an existing specification. */
  hint: string;
  units: UnitsWish;
  hasLogDisk: boolean;
  onChange: (units: UnitsWish) => void;
}

function UnitsFields({ id, hint, units, hasLogDisk, onChange }: UnitsFieldsProps) {
  const { recovery } = useLabels();
  const number = (name: 'cpu' | 'memory' | 'logDisk', label: string, least: number, extra?: string) => (
    <Form.Item label={label} htmlFor={`${id}-${name}`} extra={extra}>
      <InputNumber
        id={`${id}-${name}`}
        min={least}
        precision={2}
        value={units[name]}
        onChange={(value) => onChange({ ...units, [name]: typeof value === 'number' ? value : null })}
      />
    </Form.Item>
  );
  return (
    <>
      <Form.Item>
        <Radio.Group
          value={units.spec}
          options={Object.entries(recovery.specs).map(([value, label]) => ({ value, label }))}
          onChange={({ target }) => onChange({ ...units, spec: target.value as UnitsWish['spec'] })}
        />
      </Form.Item>
      <div className="option-row">
        {units.spec === 'existing' ? (
          <Form.Item label={recovery.unit} htmlFor={`${id}-unit`} extra={hint}>
            <Input id={`${id}-unit`} value={units.name} onChange={({ target }) => onChange({ ...units, name: target.value })} />
          </Form.Item>
        ) : (
          <>
            {number('cpu', recovery.unitCpu, 0.01)}
            {number('memory', recovery.unitMemory, 0.01)}
            {hasLogDisk ? number('logDisk', recovery.unitLogDisk, 0.01, recovery.unitLogDiskHint) : null}
          </>
        )}
      </div>
    </>
  );
}
