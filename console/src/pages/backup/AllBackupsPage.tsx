import { useQuery } from '@tanstack/react-query';

import { Link } from 'react-router';

import type { AllOverview } from '../../api/types';
import { useLabels } from '../../locales';
import { formatBytes } from '../../parts/format';
import { PageHead, Section } from '../../parts/PageHead';
import { Loaded, Nothing } from '../../parts/PageState';
import { Tiles } from '../../parts/Tiles';
import { countTenants, protectionRows } from '../protection/protection';
import { protectionQuery } from '../protection/queries';
import { useProtectionWords } from '../protection/words';
import { allStrategiesQuery } from '../strategies/queries';
import { useAllSetsWords } from './allSetsWords';
import { CoreMetrics } from './CoreMetrics';
import { ObjectsTable } from './ObjectsTable';
import { allOverviewQuery } from './queries';

const TENANTS = '/backup/tenants';

/** Every cluster's backups at a glance. */
export default function AllBackupsPage() {
  const { backup, clusters: labels } = useLabels();
  const protection = useProtectionWords();
  const sets = useAllSetsWords();
  const overview = useQuery(allOverviewQuery);
  return (
    <>
      <PageHead title={backup.title} beside={<span className="quiet">{backup.everyCluster}</span>}>
        <Link to="/backup/sets">{sets.title}</Link>
        <Link to={TENANTS}>{protection.title}</Link>
      </PageHead>
      <Loaded query={overview}>
        {(found) => (found.clusters.length ? <AtAGlance overview={found} /> : <Nothing text={labels.emptyTitle} />)}
      </Loaded>
    </>
  );
}

function AtAGlance({ overview: { clusters } }: { overview: AllOverview }) {
  const { backup } = useLabels();
  const words = useProtectionWords();
  const objects = useQuery(protectionQuery());
  const strategies = useQuery(allStrategiesQuery);
  const tenants = objects.data && strategies.data && countTenants(protectionRows(objects.data, strategies.data.contents));
  const missing = objects.isError || strategies.isError ? '–' : '…';
  const bytes = clusters.reduce((sum, { backupSize }) => sum + backupSize, 0);
  return (
    <>
      <CoreMetrics clusters={clusters} />
      <Tiles
        tiles={[
          { term: words.tiles.none, value: tenants?.NONE ?? missing, hint: words.tileHints.none, to: `${TENANTS}?state=NONE` },
          { term: words.tiles.late, value: tenants?.LATE ?? missing, hint: words.tileHints.late, to: `${TENANTS}?state=LATE` },
          { term: words.tiles.backedUp, value: tenants ? tenants.GOOD + tenants.LATE : missing, hint: words.tileHints.backedUp, to: `${TENANTS}?state=BACKED_UP` },
          { term: backup.inProgress, value: clusters.filter(({ runningTaskId }) => runningTaskId).length, to: '/tasks?status=RUNNING' },
          { term: backup.totalSize, value: formatBytes(bytes) },
        ]}
      />
      <Section>
        <ObjectsTable clusters={clusters} />
      </Section>
    </>
  );
}
