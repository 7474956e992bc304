import { Button, Form, Input, Modal } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { PlannedSet } from '../../api/types';
import { useLabels } from '../../locales';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { useReport } from '../../parts/report';
import { useMay } from '../logon/me';
import { useRetentionWords } from './retentionWords';

interface HoldButtonProps {
  cluster: number;
  set: PlannedSet;
}

/** Holds a backup set, so that no clean-up deletes it, or releases it. */
export function HoldButton({ cluster, set }: HoldButtonProps) {
  const words = useRetentionWords();
  const may = useMay();
  const report = useReport();
  const queries = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const path = { params: { path: { id: set.backupSetId } } };
  const refresh = () => queries.invalidateQueries({ queryKey: keys.backups(cluster) });
  const release = useMutation({
    mutationFn: () => answer(client.DELETE('/api/v2/backup/sets/{id}/hold', path)),
    onSuccess: () => report.done(words.released),
    onError: report.failed,
    onSettled: refresh,
  });
  if (!may.backUp) return null;
  return (
    <>
      <Button
        type="link"
        size="small"
        className="link-button"
        disabled={release.isPending}
        onClick={() => (set.hold ? release.mutate() : setAsking(true))}
      >
        {set.hold ? words.release : words.hold}
      </Button>
      {isAsking ? <HoldDialog set={set.backupSetId} onHeld={refresh} onClose={() => setAsking(false)} /> : null}
    </>
  );
}

/** Requests the reason of a hold. */
function HoldDialog({ set, onHeld, onClose }: { set: number; onHeld: () => Promise<void>; onClose: () => void }) {
  const words = useRetentionWords();
  const { actions } = useLabels();
  const report = useReport();
  const [reason, setReason] = useState('');
  const hold = useMutation({
    mutationFn: () =>
      answer(client.PUT('/api/v2/backup/sets/{id}/hold', { params: { path: { id: set } }, body: { reason: reason.trim() } })),
    onSuccess: () => {
      report.done(words.held);
      onClose();
    },
    onSettled: onHeld,
  });
  return (
    <Modal
      open
      title={words.holdTitle(set)}
      okText={words.hold}
      okButtonProps={{ disabled: reason.trim() === '', loading: hold.isPending }}
      cancelText={actions.cancel}
      onOk={() => hold.mutate()}
      onCancel={onClose}
    >
      <Form layout="vertical" component="div" requiredMark={false}>
        <Form.Item label={words.holdReason} htmlFor="hold-reason" extra={words.holdHint}>
          <Input id="hold-reason" maxLength={500} value={reason} onChange={({ target }) => setReason(target.value)} />
        </Form.Item>
      </Form>
      <ProblemAlert error={hold.error} />
    </Modal>
  );
}
