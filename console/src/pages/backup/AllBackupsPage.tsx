import { useQuery } from '@tanstack/react-query';

import type { AllOverview } from '../../api/types';
import { useLabels } from '../../locales';
import { formatBytes } from '../../parts/format';
import { PageHead, Section } from '../../parts/PageHead';
import { Loaded, Nothing } from '../../parts/PageState';
import { Tiles } from '../../parts/Tiles';
import { CoreMetrics } from './CoreMetrics';
import { ObjectsTable } from './ObjectsTable';
import { allOverviewQuery } from './queries';

/** Every cluster's backups at a glance. */
export default function AllBackupsPage() {
  const { backup, clusters: labels } = useLabels();
  const overview = useQuery(allOverviewQuery);
  return (
    <>
      <PageHead title={backup.title} beside={<span className="quiet">{backup.everyCluster}</span>} />
      <Loaded query={overview}>
        {(found) => (found.clusters.length ? <AtAGlance overview={found} /> : <Nothing text={labels.emptyTitle} />)}
      </Loaded>
    </>
  );
}

function AtAGlance({ overview: { clusters } }: { overview: AllOverview }) {
  const { backup } = useLabels();
  const backedUp = clusters.filter(({ backupSetCount }) => backupSetCount > 0).length;
  const bytes = clusters.reduce((sum, { backupSize }) => sum + backupSize, 0);
  return (
    <>
      <CoreMetrics clusters={clusters} />
      <Tiles
        tiles={[
          { term: backup.backedUp, value: backedUp },
          { term: backup.notBackedUp, value: clusters.length - backedUp },
          { term: backup.inProgress, value: clusters.filter(({ runningTaskId }) => runningTaskId).length },
          { term: backup.totalSize, value: formatBytes(bytes) },
        ]}
      />
      <Section>
        <ObjectsTable clusters={clusters} />
      </Section>
    </>
  );
}
