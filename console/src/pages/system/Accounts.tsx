import { PlusOutlined } from '@oceanbase/icons';
import { App, Badge, Button, Table, Tag, type TableProps } from '@oceanbase/design';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import { useLabels } from '../../locales';
import { MayButton } from '../../parts/MayButton';
import { Moment } from '../../parts/Moment';
import { Section } from '../../parts/PageHead';
import { Loaded } from '../../parts/PageState';
import { useReport } from '../../parts/report';
import { useDangerQuestion } from '../../parts/useDangerQuestion';
import { useMay, useMe } from '../logon/me';
import { AccountDrawer } from './AccountDrawer';
import { accountsQuery, type Account } from './accounts';
import { SetPasswordModal } from './SetPasswordModal';

/** The accounts and their roles. */
export function Accounts() {
  const { access, state } = useLabels();
  const may = useMay();
  const [{ page, size }, setPage] = useState({ page: 1, size: 20 });
  const accounts = useQuery({ ...accountsQuery(page, size), placeholderData: keepPreviousData });
  const [edited, setEdited] = useState<Account | 'new'>();
  const [given, setGiven] = useState<Account>();
  const columns = useColumns({ onEdit: setEdited, onSetPassword: setGiven });
  const create = (
    <MayButton may={may.manageUsers} type="primary" icon={<PlusOutlined />} onClick={() => setEdited('new')}>
      {access.create}
    </MayButton>
  );
  return (
    <>
      <Section title={access.accounts} aside={create}>
        <Loaded query={accounts}>
          {({ contents, page: at }) => (
            <Table<Account>
              size="small"
              rowKey="id"
              columns={columns ?? []}
              dataSource={contents}
              loading={accounts.isPlaceholderData}
              scroll={{ x: 'max-content' }}
              pagination={
                at.totalElements > size && {
                  current: at.number,
                  pageSize: at.size,
                  total: at.totalElements,
                  showTotal: state.total,
                  onChange: (number: number, rows: number) => setPage({ page: number, size: rows }),
                }
              }
            />
          )}
        </Loaded>
        <p className="quiet">{access.accountsHint}</p>
      </Section>
      {edited ? (
        <AccountDrawer account={edited === 'new' ? undefined : edited} onClose={() => setEdited(undefined)} />
      ) : null}
      {given ? <SetPasswordModal account={given} onClose={() => setGiven(undefined)} /> : null}
    </>
  );
}

interface Deeds {
  onEdit: (account: Account) => void;
  onSetPassword: (account: Account) => void;
}

function useColumns({ onEdit, onSetPassword }: Deeds): TableProps<Account>['columns'] {
  const { access, words, actions, backup, storage } = useLabels();
  const me = useMe();
  const steer = useSteer();
  return [
    {
      title: access.name,
      dataIndex: 'name',
      render: (name: string, { id }) => (
        <>
          {name} {id === me.data?.id ? <Tag>{access.you}</Tag> : null}
        </>
      ),
    },
    { title: access.role, dataIndex: 'role', render: (role: Account['role']) => words.role[role] },
    {
      title: backup.status,
      render: (_, { enabled, mustChangePassword }) => {
        if (!enabled) return <Badge status="default" text={access.disabled} />;
        if (mustChangePassword) return <Badge status="warning" text={access.notActivated} />;
        return <Badge status="success" text={access.enabled} />;
      },
    },
    { title: storage.created, dataIndex: 'createTime', render: (at: string) => <Moment at={at} /> },
    {
      title: backup.actions,
      fixed: 'right',
      render: (_, account) => {
        const own = account.id === me.data?.id;
        return (
          <span className="row-buttons">
            <Button type="link" size="small" className="link-button" onClick={() => onEdit(account)}>
              {actions.edit}
            </Button>
            <MayButton
              may={!own}
              reason={access.ownPassword}
              type="link"
              size="small"
              className="link-button"
              onClick={() => onSetPassword(account)}
            >
              {access.setPassword}
            </MayButton>
            <Button type="link" size="small" className="link-button" onClick={() => steer.toggle(account)}>
              {account.enabled ? access.disable : access.enable}
            </Button>
            <Button type="link" size="small" className="link-button" onClick={() => steer.remove(account)}>
              {actions.delete}
            </Button>
          </span>
        );
      },
    },
  ];
}

/** Returns functions that disable, enable and delete an account; the destructive ones need a confirmation. */
function useSteer() {
  const { access, actions } = useLabels();
  const ask = useDangerQuestion();
  const { message } = App.useApp();
  const report = useReport();
  const queries = useQueryClient();
  const outcome = (done: string) => ({
    onSuccess: () => {
      void message.success(done);
      void queries.invalidateQueries({ queryKey: keys.accounts });
      void queries.invalidateQueries({ queryKey: keys.me });
    },
    onError: report.failed,
  });
  const enable = useMutation({
    mutationFn: ({ id, enabled }: Account) =>
      answer(client.PATCH('/api/v2/users/{id}', { params: { path: { id } }, body: { enabled: !enabled } })),
    ...outcome(access.saved),
  });
  const remove = useMutation({
    mutationFn: (id: number) => answer(client.DELETE('/api/v2/users/{id}', { params: { path: { id } } })),
    ...outcome(access.deleted),
  });
  return {
    toggle: (account: Account) =>
      account.enabled
        ? ask(access.disableTitle(account.name), access.disableText, access.disable, () => enable.mutateAsync(account))
        : enable.mutate(account),
    remove: (account: Account) =>
      ask(access.deleteTitle(account.name), access.deleteText, actions.delete, () => remove.mutateAsync(account.id)),
  };
}
