import { Link } from 'react-router';

import type { Alarm } from '../../api/types';
import { useLabels } from '../../locales';
import type { Labels } from '../../locales/en';
import { Moment } from '../../parts/Moment';
import { Nothing } from '../../parts/PageState';
import { Explanation } from '../../parts/ProblemAlert';
import { Prose } from '../../parts/Prose';
import { Status, type Tone } from '../../parts/Status';
import { AlarmActions } from './AlarmActions';
import { useAlarmWords } from './alarmWords';
import { placeOf } from './place';

const TONES: Record<number, Tone> = { 1: 'bad', 2: 'warn' };

/** Alarms: each with its cause, its fix, what people did about it, and a link to its object. */
export function AlarmList({ alarms, none }: { alarms: Alarm[]; none?: string }) {
  const { alarms: labels } = useLabels();
  if (alarms.length === 0) return <Nothing text={none ?? labels.none} />;
  return (
    <ul className="alarms" data-testid="alarms">
      {alarms.map((alarm) => (
        <li key={`${alarm.id}-${alarm.recoveredAt ? alarm.alarmId : ''}`}>
          <AlarmItem alarm={alarm} />
        </li>
      ))}
    </ul>
  );
}

/** The name of an alarm's object: a tenant of a cluster, a cluster, a channel, or the Lifeboat server itself. */
function alarmObject({ scope, clusterId, clusterName, tenantName }: Alarm, labels: Labels['alarms']): string {
  if (typeof clusterId !== 'number') return scope === 'Channel' ? labels.channel : labels.server;
  return [clusterName ?? String(clusterId), tenantName].filter(Boolean).join(' / ');
}

function AlarmItem({ alarm }: { alarm: Alarm }) {
  const { alarms: labels, words } = useLabels();
  const place = placeOf(alarm);
  const level = words.alarmLevel[alarm.level === 1 ? 1 : 2];
  const tone = alarm.state === 'NEW' ? (TONES[alarm.level] ?? 'warn') : 'quiet';
  return (
    <article className="alarm" aria-label={alarm.summary}>
      <div className="alarm-head">
        <Status tone={tone}>
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
      <Handled alarm={alarm} />
      {place ? <Link to={place}>{labels.leads[alarm.alarmType](alarm.taskId)}</Link> : null}
      {typeof alarm.alarmId === 'number' && alarm.state !== 'RECOVERED' ? <AlarmActions alarm={alarm} id={alarm.alarmId} /> : null}
    </article>
  );
}

/** What people did about an alarm, and when it recovered. */
function Handled({ alarm: { acknowledged, silenced, recoveredAt } }: { alarm: Alarm }) {
  const words = useAlarmWords();
  return (
    <>
      {acknowledged ? (
        <p className="quiet" data-testid="alarm-acknowledged">
          {words.acknowledgedBy(acknowledged.user, acknowledged.comment)} · <Moment at={acknowledged.time} />
        </p>
      ) : null}
      {silenced ? (
        <p className="quiet" data-testid="alarm-silenced">
          {words.silencedBy(silenced.user, silenced.reason)} · {words.until} <Moment at={silenced.endTime} isExact />
        </p>
      ) : null}
      {recoveredAt ? (
        <p className="quiet" data-testid="alarm-recovered">
          {words.recovered} <Moment at={recoveredAt} isExact />
        </p>
      ) : null}
    </>
  );
}
