import { DownloadOutlined } from '@oceanbase/icons';
import { Button, Checkbox, Input } from '@oceanbase/design';
import { useEffect, useRef, useState } from 'react';

import type { Subtask } from '../../api/types';
import { useLabels } from '../../locales';
import { formatTimeOfDay } from '../../parts/format';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { saveText } from '../../parts/saveText';
import { useLog } from './log';

/** The log of a step: it follows new lines, and can be searched and downloaded. */
export function StepLog({ task, subtask }: { task: number; subtask: Subtask }) {
  const { tasks, actions } = useLabels();
  const { lines, error } = useLog(task, subtask);
  const [follows, setFollows] = useState(true);
  const [sought, setSought] = useState('');
  const end = useRef<HTMLDivElement>(null);
  const needle = sought.trim().toLowerCase();
  const shown = needle ? lines.filter(({ text }) => text.toLowerCase().includes(needle)) : lines;

  useEffect(() => {
    const box = end.current;
    if (follows && box) box.scrollTop = box.scrollHeight;
  }, [follows, shown.length]);

  const download = () => {
    const text = lines.map(({ at, text: line }) => `${at} ${line}\n`).join('');
    saveText(`task-${task}-${subtask.step}${subtask.lane ? `-${subtask.lane}` : ''}.log`, text);
  };

  return (
    <div className="log">
      <div className="log-tools">
        <Input.Search
          allowClear
          aria-label={tasks.logSearch}
          placeholder={tasks.logSearch}
          value={sought}
          onChange={(event) => setSought(event.target.value)}
        />
        {needle ? <span className="quiet">{tasks.logMatches(shown.length, lines.length)}</span> : null}
        <Checkbox checked={follows} onChange={(event: { target: { checked: boolean } }) => setFollows(event.target.checked)}>
          {tasks.logFollow}
        </Checkbox>
        <Button icon={<DownloadOutlined />} disabled={lines.length === 0} onClick={download}>
          {actions.download}
        </Button>
      </div>
      <ProblemAlert error={error} />
      <div ref={end} className="log-lines" role="log" aria-label={tasks.log} tabIndex={0} data-testid="log">
        {shown.length === 0 ? <span className="quiet">{tasks.logEmpty}</span> : null}
        {shown.map(({ seq, at, text }) => (
          <div key={seq} className="log-line">
            <time dateTime={at} title={at}>
              {formatTimeOfDay(at)}
            </time>
            <span>{text}</span>
          </div>
        ))}
      </div>
    </div>
  );
}
