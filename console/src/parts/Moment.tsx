import { useEffect, useState } from 'react';

import { useLabels } from '../locales';
import { Ago } from './Ago';
import { formatSeconds, partsOfMoment, secondsBetween } from './format';

interface MomentProps {
  at: string | null | undefined;
  none?: string;
  /** Whether the zone is omitted, because another time beside it has the same. */
  isBare?: boolean;
  /** Whether to show the time itself, and not how long ago it was. */
  isExact?: boolean;
}

/** How long ago a time was, with the time in the reader's zone on hover; or that time itself. */
export function Moment({ at, none = '–', isBare = false, isExact = false }: MomentProps) {
  if (!at) return <span className="quiet">{none}</span>;
  if (!isExact) return <Ago at={at} />;
  const [written, zone] = partsOfMoment(at);
  return (
    <time dateTime={at} className="moment" title={`${written} ${zone}`}>
      {written} {isBare ? null : <span className="zone">{zone}</span>}
    </time>
  );
}

/** How long something took, or has taken so far. */
export function Duration({ from, until }: { from: string | null | undefined; until: string | null | undefined }) {
  const labels = useLabels();
  const isRunning = Boolean(from) && !until;
  const [, tick] = useState(0);

  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = window.setInterval(() => tick((n) => n + 1), 1000);
    return () => window.clearInterval(timer);
  }, [isRunning]);

  if (!from) return <span className="quiet">–</span>;
  const seconds = secondsBetween(from, until);
  return <span className="moment">{formatSeconds(isRunning ? Math.max(1, Math.floor(seconds)) : seconds, labels)}</span>;
}
