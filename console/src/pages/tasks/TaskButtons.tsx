import { Button } from '@oceanbase/design';

import type { Task } from '../../api/types';
import { useLabels } from '../../locales';
import { useMay } from '../logon/me';
import { useSteer } from './steer';

/** The actions on the whole task in its current status. */
export function TaskButtons({ task }: { task: Task }) {
  const { tasks } = useLabels();
  const may = useMay();
  const steer = useSteer(task.id);
  if (!may.backUp) return null;
  const isUndone = task.operation === 'ROLLBACK';
  return (
    <>
      {task.status === 'RUNNING' ? (
        <Button
          danger
          loading={steer.isPending}
          onClick={() =>
            steer.ask(
              { verb: 'cancel' },
              { title: tasks.cancelTitle, text: tasks.cancelText, ok: tasks.cancelTask, keep: tasks.keepRunning, danger: true },
            )
          }
        >
          {tasks.cancel}
        </Button>
      ) : null}
      {task.status === 'FAILED' && !isUndone && !task.prohibitRollback ? (
        <Button
          loading={steer.isPending}
          onClick={() =>
            steer.ask(
              { verb: 'rollback' },
              { title: tasks.rollBackTitle, text: tasks.rollBackText, ok: tasks.rollBack, danger: true },
            )
          }
        >
          {tasks.rollBack}
        </Button>
      ) : null}
      {task.status === 'FAILED' && !isUndone ? (
        <Button
          type="primary"
          loading={steer.isPending}
          onClick={() =>
            steer.ask({ verb: 'retry' }, { title: tasks.retryTitle, text: tasks.retryText, ok: tasks.retry })
          }
        >
          {tasks.retry}
        </Button>
      ) : null}
    </>
  );
}
