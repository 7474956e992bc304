import type { ErrorView } from '../../api/types';
import { useLabels } from '../../locales';
import { WordsAlert } from '../../parts/ProblemAlert';

/** Says that a cluster does not answer, and that what only it knows is missing; nothing while it does. */
export function ClusterSilent({ error }: { error: ErrorView | null | undefined }) {
  const { backup } = useLabels();
  if (!error) return null;
  return <WordsAlert type="warning" words={{ ...error, message: backup.clusterSilent(error.message) }} />;
}
