import { Table } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import { useLabels, useLanguage } from '../../locales';
import { formatCount } from '../../parts/format';
import { Section } from '../../parts/PageHead';
import { Loaded } from '../../parts/PageState';

/** How much history Lifeboat has, and how long it is kept. */
export function History() {
  const { system } = useLabels();
  const language = useLanguage();
  const found = useQuery({ queryKey: keys.history, queryFn: () => answer(client.GET('/api/v2/history')) });
  return (
    <Section title={system.history}>
      <p className="quiet">{system.historyHint}</p>
      <Loaded query={found}>
        {({ parts }) => (
          <Table
            rowKey="part"
            dataSource={parts}
            pagination={false}
            scroll={{ x: 'max-content' }}
            columns={[
              { title: system.historyPart, dataIndex: 'part', render: (_, { part }) => system.historyParts[part] },
              { title: system.historyRows, dataIndex: 'rows', align: 'right', render: (_, { rows }) => formatCount(rows, language) },
              { title: system.historyDays, dataIndex: 'days', render: (_, { days }) => system.historyKept(days ?? undefined) },
            ]}
          />
        )}
      </Loaded>
    </Section>
  );
}
