import type { ErrorView } from '../../api/types';
import { useLabels } from '../../locales';
import { WordsAlert } from '../../parts/ProblemAlert';

/** Shows that a cluster does not answer, and that its live data are missing; nothing if it answers. */
export function ClusterSilent({ error }: { error: ErrorView | null | undefined }) {
  const { backup } = useLabels();
  if (!error) return null;
  return <WordsAlert type="warning" words={{ ...error, message: backup.clusterSilent(error.message) }} />;
}
