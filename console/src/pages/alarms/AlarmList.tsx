import { Link } from 'react-router';

import type { Alarm } from '../../api/types';
import { useLabels } from '../../locales';
import type { Labels } from '../../locales/en';
import { Moment } from '../../parts/Moment';
import { Nothing } from '../../parts/PageState';
import { Explanation } from '../../parts/ProblemAlert';
import { Prose } from '../../parts/Prose';
import { Status, type Tone } from '../../parts/Status';
import { placeOf } from './place';

const TONES: Record<number, Tone> = { 1: 'bad', 2: 'warn' };

/** The current alarms: each with its cause, its fix, and a link to its object. */
export function AlarmList({ alarms }: { alarms: Alarm[] }) {
  const { alarms: labels } = useLabels();
  if (alarms.length === 0) return <Nothing text={labels.none} />;
  return (
    <ul className="alarms" data-testid="alarms">
      {alarms.map((alarm) => (
        <li key={alarm.id}>
          <AlarmItem alarm={alarm} />
        </li>
      ))}
    </ul>
  );
}

/** The name of an alarm's object: a tenant of a cluster, a cluster, or the Lifeboat server itself. */
function alarmObject({ clusterId, clusterName, tenantName }: Alarm, labels: Labels['alarms']): string {
  if (typeof clusterId !== 'number') return labels.server;
  return [clusterName ?? String(clusterId), tenantName].filter(Boolean).join(' / ');
}

function AlarmItem({ alarm }: { alarm: Alarm }) {
  const { alarms: labels, words } = useLabels();
  const place = placeOf(alarm);
  const level = words.alarmLevel[alarm.level === 1 ? 1 : 2];
  return (
    <article className="alarm" aria-label={alarm.summary}>
      <div className="alarm-head">
        <Status tone={TONES[alarm.level] ?? 'warn'}>
          <span className="alarm-name">{alarm.name}</span>
          <span className="quiet">{level}</span>
        </Status>
        <span data-testid="alarm-object">{alarmObject(alarm, labels)}</span>
        {alarm.activeAt ? (
          <span className="quiet">
            {labels.since} <Moment at={alarm.activeAt} />
          </span>
        ) : null}
      </div>
      <p>
        <Prose text={alarm.details.message} />
      </p>
      {alarm.reason ? (
        <p className="quiet">
          <Prose text={alarm.reason.message} />
        </p>
      ) : null}
      <Explanation words={alarm.details} />
      {place ? <Link to={place}>{labels.leads[alarm.alarmType](alarm.taskId)}</Link> : null}
    </article>
  );
}
