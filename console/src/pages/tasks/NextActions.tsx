import { App, Button, Form, Input } from '@oceanbase/design';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useNavigate } from 'react-router';

import { answer } from '../../api/client';
import type { Action, NextAction, Subtask, Task } from '../../api/types';
import { useLabels } from '../../locales';
import { useReport } from '../../parts/report';
import { useMay } from '../logon/me';
import { useSteer } from './steer';
import { post } from '../../api/post';

/** The actions on a failed step; the repair comes first. */
export function NextActions({ task, subtask }: { task: Task; subtask: Subtask }) {
  const may = useMay();
  const press = usePress(task, subtask);
  if (!may.backUp || subtask.nextActions.length === 0) return null;
  return (
    <div className="repair" data-testid="next-actions">
      {subtask.nextActions.map((action, at) => (
        <Button
          key={action.id}
          size="small"
          type={at === 0 ? 'primary' : 'default'}
          loading={press.isPending}
          onClick={() => press.press(action)}
        >
          {action.text}
        </Button>
      ))}
    </div>
  );
}

function usePress(task: Task, subtask: Subtask) {
  const { tasks, actions } = useLabels();
  const { modal } = App.useApp();
  const navigate = useNavigate();
  const report = useReport();
  const steer = useSteer(task.id);
  const call = useMutation({
    mutationFn: ({ path, body }: Pick<NextAction, 'path'> & { body: unknown }) => answer(post<Action>(path, body)),
    onSuccess: ({ backupObjectOpsResultList: [first], obBackupTaskType: kind }) => {
      const begun = first?.taskIdList[0];
      if (kind === 'DATA_BACKUP_NOW' && begun !== undefined) void navigate(`/tasks/${begun}`);
      else report.begun(begun);
    },
    onError: report.failed,
  });
  const inFull = (action: NextAction) => {
    let password: string | undefined;
    void modal.confirm({
      title: tasks.inFullTitle,
      content: (
        <>
          <p>{tasks.inFullText}</p>
          {action.needsPassword ? <PasswordField onChange={(typed) => (password = typed)} /> : null}
        </>
      ),
      okText: action.text,
      cancelText: actions.cancel,
      // Without a promise the dialog stays open, because the two passwords differ.
      onOk: (close: () => void) => {
        if (action.needsPassword && !password) return undefined;
        const body = action.needsPassword ? { ...(action.body ?? {}), encryption: { password } } : action.body;
        return call.mutateAsync({ path: action.path, body }).catch(() => undefined).then(close);
      },
    });
  };
  const press = (action: NextAction) => {
    switch (action.id) {
      case 'retry':
        return steer.send({ verb: 'retry-subtask', subtask: subtask.id });
      case 'skip':
        return steer.ask(
          { verb: 'skip-subtask', subtask: subtask.id },
          { title: tasks.skipTitle(subtask.name), text: tasks.skipText, ok: tasks.skip },
        );
      case 'compact':
      case 'clear-exceptions':
        return void navigate(`/clusters/${task.cluster?.id}/compaction?task=${task.id}`);
      case 'back-up-in-full':
        return inFull(action);
      default:
        return void modal.confirm({
          title: action.text,
          content: subtask.note?.action,
          okText: action.text,
          cancelText: actions.cancel,
          onOk: () => call.mutateAsync({ path: action.path, body: action.body ?? {} }).catch(() => undefined),
        });
    }
  };
  return { press, isPending: steer.isPending || call.isPending };
}

/** Two fields for a new encryption password; the value is undefined while the two differ. */
function PasswordField({ onChange }: { onChange: (password: string | undefined) => void }) {
  const { tasks, backUpNow, logOn } = useLabels();
  const [typed, setTyped] = useState('');
  const [again, setAgain] = useState('');
  const differs = typed !== again;
  useEffect(() => onChange(differs ? undefined : typed), [differs, typed, onChange]);
  return (
    <>
      <Form.Item label={tasks.inFullPassword} htmlFor="in-full-password" layout="vertical">
        <Input.Password
          id="in-full-password"
          value={typed}
          autoComplete="new-password"
          onChange={(event) => setTyped(event.target.value)}
        />
      </Form.Item>
      <Form.Item
        label={backUpNow.encryptionAgain}
        htmlFor="in-full-password-again"
        layout="vertical"
        {...(differs ? { validateStatus: 'error' as const, help: logOn.differs } : {})}
      >
        <Input.Password
          id="in-full-password-again"
          value={again}
          autoComplete="new-password"
          onChange={(event) => setAgain(event.target.value)}
        />
      </Form.Item>
    </>
  );
}
