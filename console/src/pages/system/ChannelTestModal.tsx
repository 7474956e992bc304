import { Button, Modal } from '@oceanbase/design';
import { useQuery, useQueryClient } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Channel } from '../../api/types';
import { useLabels } from '../../locales';
import { Loaded } from '../../parts/PageState';
import { WordsAlert } from '../../parts/ProblemAlert';
import { Status } from '../../parts/Status';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { useChannelWords } from './channelWords';

/** Sends a test message once, and shows its fate. */
export function ChannelTestModal({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  useReturnFocus();
  const words = useChannelWords();
  const { actions } = useLabels();
  const queries = useQueryClient();
  const test = useQuery({
    queryKey: ['channel-test', channel.id],
    queryFn: () => answer(client.POST('/api/v2/alarm/channels/{id}/test', { params: { path: { id: channel.id } } })),
    // Nothing refetches a static query: each request sends a message.
    staleTime: 'static',
    gcTime: 0,
    retry: false,
  });
  const close = () => {
    void queries.invalidateQueries({ queryKey: keys.channels });
    onClose();
  };
  return (
    <Modal open width={640} title={words.testTitle(channel.name)} onCancel={close} footer={<Button onClick={close}>{actions.close}</Button>}>
      <Loaded query={test}>
        {({ problem, status, httpStatus }) => (
          <>
            {status === 'DELIVERED' ? <Status tone="good">{words.accepted(httpStatus ?? 200, channel.kind)}</Status> : null}
            {problem ? <WordsAlert words={problem} /> : null}
          </>
        )}
      </Loaded>
    </Modal>
  );
}
