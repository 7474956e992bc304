import { App, Button } from '@oceanbase/design';
import { useNavigate } from 'react-router';

import { useLabels } from '../locales';
import { Explanation, wordsOf } from './ProblemAlert';
import { Prose } from './Prose';

/** Returns functions that report the result of an action outside a form. */
export function useReport() {
  const labels = useLabels();
  const { tasks } = labels;
  const { message, notification } = App.useApp();
  const navigate = useNavigate();
  return {
    /** The action succeeded. */
    done: (text: string) => void message.success(text),
    /** A task performs the action; the message links to it. */
    begun: (task: number | undefined) =>
      void notification.success({
        message: tasks.begun,
        // The design system renders notifications outside the router, where a router link does not work.
        description:
          task === undefined ? undefined : (
            <Button type="link" size="small" className="link-button" onClick={() => void navigate(`/tasks/${task}`)}>
              {tasks.watch(task)}
            </Button>
          ),
      }),
    /** The action was refused, or the server did not answer: shows the cause and the fix. */
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
