import { useQuery } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import { useLabels } from '../../locales';
import { Facts, Section } from '../../parts/PageHead';
import { Loaded } from '../../parts/PageState';
import { useMe } from '../logon/me';
import { History } from './History';

/** The version of Lifeboat, the logged-on user, and the history. */
export function About() {
  const { system, words, product, tagline } = useLabels();
  const me = useMe();
  const version = useQuery({ queryKey: keys.version, queryFn: () => answer(client.GET('/api/v2/version')) });
  return (
    <>
      <Section title={system.about}>
        <p>
          <strong>{product}</strong> · {tagline}
        </p>
        <Loaded query={version}>
          {({ version: number }) => (
            <Facts
              rows={[
                [system.version, number],
                [system.licence, 'Apache-2.0'],
                [system.api, <code key="api">/api/v2</code>],
              ]}
            />
          )}
        </Loaded>
        <p className="quiet">{system.apiText}</p>
      </Section>
      <Section title={system.account}>
        <Loaded query={me}>
          {({ name, role }) => (
            <Facts
              rows={[
                [system.account, name],
                [system.role, words.role[role]],
              ]}
            />
          )}
        </Loaded>
      </Section>
      <History />
    </>
  );
}
