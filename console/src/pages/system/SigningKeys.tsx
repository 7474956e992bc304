import { PlusOutlined } from '@oceanbase/icons';
import { App, Button, Table, Typography } from '@oceanbase/design';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { SigningKeys as Keys } from '../../api/types';
import { useLabels } from '../../locales';
import { MayButton } from '../../parts/MayButton';
import { Section } from '../../parts/PageHead';
import { Loaded, Nothing } from '../../parts/PageState';
import { useReport } from '../../parts/report';
import { useDangerQuestion } from '../../parts/useDangerQuestion';
import { useMay } from '../logon/me';
import { TrustKeyModal } from './TrustKeyModal';

/** The signing key of backups, and the trusted keys of other installations. */
export function SigningKeys() {
  const { signing } = useLabels();
  const may = useMay();
  const steer = useSteer();
  const [isAdding, setAdding] = useState(false);
  const found = useQuery({ queryKey: keys.signingKeys, queryFn: () => answer(client.GET('/api/v2/signingKeys')) });
  return (
    <>
      <Section
        title={signing.current}
        aside={
          <MayButton may={may.manageUsers} onClick={steer.rotate}>
            {signing.rotate}
          </MayButton>
        }
      >
        <p className="quiet">{signing.intro}</p>
        <Loaded query={found}>{({ current }) => <PublicKey text={current} />}</Loaded>
      </Section>
      <Section
        title={signing.trustedTitle}
        aside={
          <MayButton may={may.manageUsers} icon={<PlusOutlined />} onClick={() => setAdding(true)}>
            {signing.add}
          </MayButton>
        }
      >
        <Loaded query={found}>{({ trusted }) => <Trusted trusted={trusted} onRemove={steer.remove} />}</Loaded>
      </Section>
      {found.data && found.data.retired.length > 0 ? (
        <Section title={signing.retired}>
          <p className="quiet">{signing.retiredHint}</p>
          {found.data.retired.map((key) => (
            <p key={key}>
              <PublicKey text={key} />
            </p>
          ))}
        </Section>
      ) : null}
      {isAdding ? <TrustKeyModal onClose={() => setAdding(false)} /> : null}
    </>
  );
}

function PublicKey({ text }: { text: string }) {
  return (
    <Typography.Text code copyable={{ text, tabIndex: 0 }}>
      {text}
    </Typography.Text>
  );
}

type TrustedKey = Keys['trusted'][number];

function Trusted({ trusted, onRemove }: { trusted: TrustedKey[]; onRemove: (name: string) => void }) {
  const { signing, backup } = useLabels();
  const may = useMay();
  return (
    <Table<TrustedKey>
      size="small"
      rowKey="name"
      dataSource={trusted}
      pagination={false}
      locale={{ emptyText: <Nothing text={signing.noTrusted} /> }}
      scroll={{ x: 'max-content' }}
      columns={[
        { title: signing.name, dataIndex: 'name' },
        { title: signing.publicKey, dataIndex: 'key', render: (key: string) => <PublicKey text={key} /> },
        {
          title: backup.actions,
          render: (_, { name }) =>
            may.manageUsers ? (
              <Button type="link" size="small" className="link-button" onClick={() => onRemove(name)}>
                {signing.remove}
              </Button>
            ) : null,
        },
      ]}
    />
  );
}

/** Returns functions that replace the signing key and remove a trusted key; both need a confirmation. */
function useSteer() {
  const { signing } = useLabels();
  const ask = useDangerQuestion();
  const { message } = App.useApp();
  const report = useReport();
  const queries = useQueryClient();
  const outcome = (done: string) => ({
    onSuccess: (said: Keys) => {
      void message.success(done);
      queries.setQueryData(keys.signingKeys, said);
      void queries.invalidateQueries({ queryKey: keys.origins });
    },
    onError: report.failed,
  });
  const rotate = useMutation({
    mutationFn: () => answer(client.POST('/api/v2/signingKeys/rotate')),
    ...outcome(signing.rotated),
  });
  const remove = useMutation({
    mutationFn: (name: string) =>
      answer(client.DELETE('/api/v2/signingKeys/trusted/{name}', { params: { path: { name } } })),
    ...outcome(signing.removed),
  });
  return {
    rotate: () => ask(signing.rotateTitle, signing.rotateText, signing.rotate, () => rotate.mutateAsync()),
    remove: (name: string) =>
      ask(signing.removeTitle(name), signing.removeText, signing.remove, () => remove.mutateAsync(name)),
  };
}
