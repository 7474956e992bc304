import { UserOutlined } from '@oceanbase/icons';
import { Button, Dropdown } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { answer, client } from '../api/client';
import { useLabels } from '../locales';
import { useMe } from '../pages/logon/me';
import { later } from './later';
import { useReport } from './report';

const ChangePasswordModal = later(async () => (await import('../pages/logon/ChangePasswordModal')).ChangePasswordModal);
const TokensModal = later(async () => (await import('../pages/logon/TokensModal')).TokensModal);

/** The menu at the upper right: the logged-on user, and the actions of the account. */
export function AccountMenu() {
  const { frame, access, state } = useLabels();
  const report = useReport();
  const me = useMe();
  const queries = useQueryClient();
  const [changing, setChanging] = useState(false);
  const [tokens, setTokens] = useState(false);
  const logOff = useMutation({
    mutationFn: () => answer(client.DELETE('/api/v2/session')),
    onSuccess: () => {
      queries.clear();
      window.location.assign('/');
    },
    onError: report.failed,
  });
  const items = [
    { key: 'password', label: frame.changePassword, onClick: () => setChanging(true) },
    { key: 'tokens', label: access.tokens, onClick: () => setTokens(true) },
    { key: 'log-off', label: frame.logOff, onClick: () => logOff.mutate() },
  ];
  return (
    <>
      <Dropdown menu={{ items }} trigger={['click']}>
        <Button type="text" icon={<UserOutlined />} aria-label={state.pair(frame.account, me.data?.name ?? '')}>
          {me.data?.name}
        </Button>
      </Dropdown>
      {changing ? <ChangePasswordModal onClose={() => setChanging(false)} /> : null}
      {tokens ? <TokensModal onClose={() => setTokens(false)} /> : null}
    </>
  );
}
