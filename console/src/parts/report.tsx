import { App, Button } from '@oceanbase/design';
import { useNavigate } from 'react-router';

import { useLabels } from '../locales';
import { Explanation, wordsOf } from './ProblemAlert';
import { Prose } from './Prose';

/** Returns how to tell what came of something that was pressed outside a form. */
export function useReport() {
  const labels = useLabels();
  const { tasks } = labels;
  const { message, notification } = App.useApp();
  const navigate = useNavigate();
  return {
    /** It is done. */
    done: (text: string) => void message.success(text),
    /** A task does it; it can be watched. */
    begun: (task: number | undefined) =>
      void notification.success({
        message: tasks.begun,
        // The design draws notices outside of the router, where no link can stand.
        description:
          task === undefined ? undefined : (
            <Button type="link" size="small" className="link-button" onClick={() => void navigate(`/tasks/${task}`)}>
              {tasks.watch(task)}
            </Button>
          ),
      }),
    /** It was refused, or nobody answered: why, and what to do. */
    failed: (error: unknown) => {
      const words = wordsOf(error, labels);
      notification.error({
        message: <Prose text={words.message} />,
        description: <Explanation words={words} />,
        duration: 12,
      });
    },
  };
}
