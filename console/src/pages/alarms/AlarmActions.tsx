import { Form, Input, Modal, Select } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Alarm } from '../../api/types';
import { useLabels } from '../../locales';
import { MayButton } from '../../parts/MayButton';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { useReport } from '../../parts/report';
import { useMay } from '../logon/me';
import { useAlarmWords } from './alarmWords';

/** The offered lengths of a silence, in hours. */
const HOURS = [1, 4, 12, 24, 72, 168, 720];

/** The buttons of a recorded current alarm: somebody takes care of it, or nobody wants to hear of it. */
export function AlarmActions({ alarm, id }: { alarm: Alarm; id: number }) {
  const words = useAlarmWords();
  const may = useMay();
  const report = useReport();
  const queries = useQueryClient();
  const [dialog, setDialog] = useState<'acknowledge' | 'silence'>();
  const refresh = () => queries.invalidateQueries({ queryKey: keys.alarms });
  const unsilence = useMutation({
    mutationFn: () => answer(client.DELETE('/api/v2/alarm/alarms/{id}/silence', { params: { path: { id } } })),
    onSuccess: () => report.done(words.unsilenced),
    onError: report.failed,
    onSettled: refresh,
  });
  const close = () => setDialog(undefined);
  return (
    <div className="alarm-actions">
      {alarm.acknowledged ? null : (
        <MayButton may={may.backUp} size="small" onClick={() => setDialog('acknowledge')}>
          {words.acknowledge}
        </MayButton>
      )}
      {alarm.state === 'SILENCED' ? (
        <MayButton may={may.backUp} size="small" loading={unsilence.isPending} onClick={() => unsilence.mutate()}>
          {words.unsilence}
        </MayButton>
      ) : (
        <MayButton may={may.backUp} size="small" onClick={() => setDialog('silence')}>
          {words.silence}
        </MayButton>
      )}
      {dialog === 'acknowledge' ? <AcknowledgeDialog name={alarm.name} id={id} onDone={refresh} onClose={close} /> : null}
      {dialog === 'silence' ? <SilenceDialog name={alarm.name} id={id} onDone={refresh} onClose={close} /> : null}
    </div>
  );
}

interface DialogProps {
  name: string;
  id: number;
  onDone: () => Promise<void>;
  onClose: () => void;
}

function AcknowledgeDialog({ name, id, onDone, onClose }: DialogProps) {
  const words = useAlarmWords();
  const report = useReport();
  const [comment, setComment] = useState('');
  const acknowledge = useMutation({
    mutationFn: () =>
      answer(client.POST('/api/v2/alarm/alarms/{id}/acknowledge', { params: { path: { id } }, body: { comment: comment.trim() } })),
    onSuccess: () => {
      report.done(words.acknowledged);
      onClose();
    },
    onSettled: onDone,
  });
  return (
    <Dialog title={words.acknowledgeTitle(name)} ok={words.acknowledge} isPending={acknowledge.isPending} error={acknowledge.error} onOk={acknowledge.mutate} onClose={onClose}>
      <Form.Item label={words.comment} htmlFor="alarm-comment" extra={words.acknowledgeHint}>
        <Input id="alarm-comment" maxLength={500} value={comment} onChange={({ target }) => setComment(target.value)} />
      </Form.Item>
    </Dialog>
  );
}

function SilenceDialog({ name, id, onDone, onClose }: DialogProps) {
  const words = useAlarmWords();
  const report = useReport();
  const [reason, setReason] = useState('');
  const [hours, setHours] = useState(4);
  const silence = useMutation({
    mutationFn: () => {
      const endTime = new Date(Date.now() + hours * 3_600_000).toISOString();
      return answer(client.PUT('/api/v2/alarm/alarms/{id}/silence', { params: { path: { id } }, body: { endTime, reason: reason.trim() } }));
    },
    onSuccess: () => {
      report.done(words.silenced);
      onClose();
    },
    onSettled: onDone,
  });
  return (
    <Dialog
      title={words.silenceTitle(name)}
      ok={words.silenceOk}
      isDisabled={reason.trim() === ''}
      isPending={silence.isPending}
      error={silence.error}
      onOk={silence.mutate}
      onClose={onClose}
    >
      <Form.Item label={words.duration} htmlFor="alarm-duration" extra={words.silenceHint}>
        <Select id="alarm-duration" value={hours} onChange={setHours} options={HOURS.map((value) => ({ value, label: words.hours(value) }))} />
      </Form.Item>
      <Form.Item label={words.reason} htmlFor="alarm-reason">
        <Input id="alarm-reason" maxLength={500} value={reason} onChange={({ target }) => setReason(target.value)} />
      </Form.Item>
    </Dialog>
  );
}

interface FrameProps {
  title: string;
  ok: string;
  isDisabled?: boolean;
  isPending: boolean;
  error: unknown;
  onOk: () => void;
  onClose: () => void;
  children: ReactNode;
}

function Dialog({ title, ok, isDisabled = false, isPending, error, onOk, onClose, children }: FrameProps) {
  const { actions } = useLabels();
  return (
    <Modal
      open
      title={title}
      okText={ok}
      okButtonProps={{ disabled: isDisabled, loading: isPending }}
      cancelText={actions.cancel}
      onOk={() => onOk()}
      onCancel={onClose}
    >
      <Form layout="vertical" component="div" requiredMark={false}>
        {children}
      </Form>
      <ProblemAlert error={error} />
    </Modal>
  );
}
