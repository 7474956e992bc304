import type { ReactNode } from 'react';

import { useLabels } from '../../locales';

/** The page before the first cluster was taken over. */
export function NoCluster({ button }: { button: ReactNode }) {
  const labels = useLabels().clusters;
  return (
    <section className="section welcome">
      <img src="/lifeboat.svg" alt="" width={72} height={72} />
      <h2>{labels.emptyTitle}</h2>
      <p className="quiet">{labels.emptyText}</p>
      {button}
    </section>
  );
}
