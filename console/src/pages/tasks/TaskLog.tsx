import { DownloadOutlined } from '@oceanbase/icons';
import { Button } from '@oceanbase/design';
import { useMutation } from '@tanstack/react-query';

import type { LogLine, Subtask, Task } from '../../api/types';
import { useReport } from '../../parts/report';
import { saveText } from '../../parts/saveText';
import { readLog } from './log';
import { useTaskWords } from './words';

/** Downloads the logs of all steps of a task as one file. */
export function TaskLog({ task }: { task: Task }) {
  const words = useTaskWords();
  const report = useReport();
  const download = useMutation({
    mutationFn: async () => {
      const parts: string[] = [];
      for (const subtask of task.subtasks) parts.push(partOf(subtask, await readLog(task.id, subtask.id)));
      saveText(`task-${task.id}.log`, parts.join('\n'));
    },
    onError: report.failed,
  });
  return (
    <Button icon={<DownloadOutlined />} loading={download.isPending} onClick={() => download.mutate()}>
      {words.wholeLog}
    </Button>
  );
}

/** Returns the log of one step as text, below its name. */
export function partOf({ name, lane, status }: Pick<Subtask, 'name' | 'lane' | 'status'>, lines: LogLine[]): string {
  const head = `=== ${name}${lane ? ` · ${lane}` : ''} (${status})\n`;
  return head + lines.map(({ at, text }) => `${at} ${text}\n`).join('');
}
