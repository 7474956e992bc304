import { useQuery, useQueryClient } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import type { LogLine, Subtask } from '../../api/types';
import { useLanguage } from '../../locales';

/** How often a running step's log is read. */
const EVERY_MS = 1500;

/** Most lines that are kept; older ones are left out. */
const MOST_LINES = 5000;

/** How many lines one answer holds. */
const BATCH = 1000;

const NO_LINES: LogLine[] = [];

/** Reads what comes behind the lines of a step's log that are known, to its end. */
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

/** Returns a step's log, and keeps reading what comes behind it while the step runs. */
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
