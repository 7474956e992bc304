import { Tabs } from '@oceanbase/design';
import type { ReactNode } from 'react';
import { useNavigate, useParams } from 'react-router';

import { useLabels } from '../../locales';
import { PageHead } from '../../parts/PageHead';
import { Outcome } from '../../parts/PageState';
import { useMay } from '../logon/me';
import { About } from './About';
import { Accounts } from './Accounts';
import { AuditLog } from './AuditLog';
import { Channels } from './Channels';
import { useChannelWords } from './channelWords';
import { SigningKeys } from './SigningKeys';

/** The accounts, the audit log, the channels, the signing keys, and the version of Lifeboat. */
export default function SystemPage() {
  const { system, access, signing } = useLabels();
  const channels = useChannelWords();
  const may = useMay();
  const navigate = useNavigate();
  const { tab } = useParams();
  const items = [
    { key: 'accounts', label: access.accounts, children: <ForAdministrators><Accounts /></ForAdministrators> },
    { key: 'audit', label: access.audit, children: <ForAdministrators><AuditLog /></ForAdministrators> },
    { key: 'channels', label: channels.title, children: <ForAdministrators><Channels /></ForAdministrators> },
    { key: 'signing-keys', label: signing.title, children: <SigningKeys /> },
    { key: 'about', label: system.about, children: <About /> },
  ];
  const usual = may.manageUsers ? 'accounts' : 'about';
  const active = items.some(({ key }) => key === tab) ? tab : usual;
  return (
    <>
      <PageHead title={system.title} />
      <Tabs
        activeKey={active ?? usual}
        items={items}
        destroyOnHidden
        onChange={(key) => void navigate(`/system/${key}`)}
      />
    </>
  );
}

/** Contents for administrators only; other users see a hint instead. */
function ForAdministrators({ children }: { children: ReactNode }) {
  const { state, access } = useLabels();
  if (useMay().manageUsers) return <>{children}</>;
  return <Outcome title={state.forbidden} hint={access.mayNot} />;
}
