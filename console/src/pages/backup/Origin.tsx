import { Tooltip } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import { Problem } from '../../api/problem';
import type { BackupSet, Origin as OriginView } from '../../api/types';
import { useLabels } from '../../locales';
import { wordsOf } from '../../parts/ProblemAlert';
import { Prose } from '../../parts/Prose';
import { Status, type Tone } from '../../parts/Status';

/** The ID of the server's text for a set whose signature does not match. */
const ALTERED = 'dump-altered';

/** How long an answer is cached: each one reads the set's manifest in its storage. */
const HOLDS_MS = 5 * 60_000;

/** Returns whether a set can have a signature. */
function hasOrigin(set: BackupSet): boolean {
  return set.backupMode === 'LOGICAL_BACKUP' && set.status !== 'DELETED';
}

/** Returns the origin of a logical backup set. */
export function useOrigin(set: BackupSet | undefined) {
  const id = set?.backupSetId ?? 0;
  return useQuery({
    queryKey: keys.origin(id),
    enabled: set !== undefined && hasOrigin(set),
    staleTime: HOLDS_MS,
    queryFn: () => answer(client.GET('/api/v2/backup/sets/{id}/origin', { params: { path: { id } } })),
  });
}

/** Returns whether a recovery of a set of this origin needs an administrator's consent. */
export function needsConsent(origin: OriginView | undefined): boolean {
  return origin?.signature === 'UNKNOWN' || origin?.signature === 'UNSIGNED';
}

const TONES: Record<OriginView['signature'], Tone> = { OWN: 'good', TRUSTED: 'good', UNKNOWN: 'warn', UNSIGNED: 'warn' };

/** The origin of a backup set in a word or two, with a sentence on hover. */
export function Origin({ set }: { set: BackupSet }) {
  const labels = useLabels();
  const { signing, state } = labels;
  const origin = useOrigin(set);
  if (!hasOrigin(set)) return <>–</>;
  if (origin.isPending) return <span className="quiet">{state.loading}</span>;
  if (origin.isError) {
    const isAltered = origin.error instanceof Problem && origin.error.words?.id === ALTERED;
    return (
      <Tooltip title={<Prose text={wordsOf(origin.error, labels).message} />}>
        <span>
          <Status tone={isAltered ? 'bad' : 'quiet'}>{isAltered ? signing.altered : signing.unread}</Status>
        </span>
      </Tooltip>
    );
  }
  const { signature, keyName, message } = origin.data;
  const word = {
    OWN: signing.own,
    TRUSTED: signing.trusted(keyName ?? ''),
    UNKNOWN: signing.unknown,
    UNSIGNED: signing.unsigned,
  }[signature];
  return (
    <Tooltip title={message}>
      <span>
        <Status tone={TONES[signature]}>{word}</Status>
      </span>
    </Tooltip>
  );
}

/** The origin of a backup set as a sentence, with the key that signed the set. */
export function OriginInFull({ set }: { set: BackupSet }) {
  const labels = useLabels();
  const origin = useOrigin(set);
  if (!hasOrigin(set)) return <>–</>;
  if (origin.isPending) return <span className="quiet">{labels.state.loading}</span>;
  return <Prose text={origin.isError ? wordsOf(origin.error, labels).message : origin.data.message} />;
}
