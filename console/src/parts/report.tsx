import { App } from '@oceanbase/design';
import { Link } from 'react-router';

import { Problem } from '../api/problem';
import { useLabels } from '../locales';
import { Explanation } from './ProblemAlert';

/** Returns how to tell what came of something that was pressed outside a form. */
export function useReport() {
  const { tasks, state } = useLabels();
  const { message, notification } = App.useApp();
  return {
    /** It is done. */
    done: (text: string) => void message.success(text),
    /** A task does it; it can be watched. */
    begun: (task: number | undefined) =>
      void notification.success({
        message: tasks.begun,
        description: task === undefined ? undefined : <Link to={`/tasks/${task}`}>{tasks.watch(task)}</Link>,
      }),
    /** It was refused, or nobody answered: why, and what to do. */
    failed: (error: unknown) => {
      const words = error instanceof Problem ? error.words : undefined;
      notification.error({
        message: words?.message ?? state.unreachable,
        description: words ? <Explanation words={words} /> : state.unreachableHint,
        duration: 12,
      });
    },
  };
}
