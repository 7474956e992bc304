import { useQuery, useQueryClient } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import type { LogLine, Subtask } from '../../api/types';
import { useLanguage } from '../../locales';

/** The polling interval of a running step's log. */
const EVERY_MS = 1500;

/** The maximum number of lines that are kept; older ones are removed. */
const MOST_LINES = 5000;

/** The maximum number of lines in one answer. */
const BATCH = 1000;

const NO_LINES: LogLine[] = [];

/** Reads the lines of a step's log after the known ones, up to its end. */
export async function readLog(task: number, subtask: number, known: LogLine[] = NO_LINES, most = Infinity): Promise<LogLine[]> {
  let lines = known;
  for (;;) {
    const after = lines[lines.length - 1]?.seq ?? 0;
    const path = { id: task, subtaskId: subtask };
    const url = '/api/v2/tasks/instances/{id}/subtasks/{subtaskId}/log';
    const part = await answer(client.GET(url, { params: { path, query: { after, limit: BATCH } } }));
    lines = [...lines, ...part.lines].slice(-most);
    if (part.lines.length < BATCH) return lines;
  }
}

/** Returns a step's log, and keeps reading new lines while the step runs. */
export function useLog(task: number, subtask: Subtask): { lines: LogLine[]; error: unknown } {
  const language = useLanguage();
  const queries = useQueryClient();
  const key = ['task', task, 'log', subtask.id, language];
  const isRunning = subtask.status === 'RUNNING' || subtask.status === 'CANCELING';
  const log = useQuery({
    queryKey: key,
    refetchInterval: isRunning ? EVERY_MS : false,
    queryFn: () => readLog(task, subtask.id, queries.getQueryData<LogLine[]>(key) ?? NO_LINES, MOST_LINES),
  });
  return { lines: log.data ?? NO_LINES, error: log.error };
}
