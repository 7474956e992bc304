import { useEffect, useState } from 'react';

import { useLabels } from '../locales';
import { formatAgo, formatMoment, partsOfMoment } from './format';

const TICK_MS = 30_000;

/** How long ago a time was, with the time itself on hover. If that is long ago, only the time itself. */
export function Ago({ at }: { at: string }) {
  const labels = useLabels();
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = window.setInterval(() => tick((n) => n + 1), TICK_MS);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <time dateTime={at} className="moment" title={formatMoment(at)}>
      {formatAgo(at, labels) ?? partsOfMoment(at)[0]}
    </time>
  );
}
