import { Button } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import type { Strategy } from '../../api/types';
import { useLabels } from '../../locales';
import { Loaded } from '../../parts/PageState';
import { DayCalendar } from './DayCalendar';
import { PlannedRuns } from './PlannedRuns';
import { nextRunsQuery } from './queries';
import { RunList } from './RunList';
import { scopeOf, type Scope } from './scope';
import { StrategyFacts } from './StrategyFacts';

/** A strategy: what it does, what comes next, and what became of each due time. */
export function StrategyDetails({ strategy }: { strategy: Strategy }) {
  const { strategy: labels } = useLabels();
  const scope = scopeOf(strategy);
  return (
    <>
      <StrategyFacts strategy={strategy} />
      <NextRuns scope={scope} />
      <section aria-label={labels.history} className="history">
        <h3>{labels.history}</h3>
        <DayCalendar scope={scope} />
        <RunList scope={scope} />
      </section>
    </>
  );
}

/** The next 30 runs, on demand. */
function NextRuns({ scope }: { scope: Scope }) {
  const { strategy } = useLabels();
  const [isShown, setShown] = useState(false);
  const runs = useQuery({ ...nextRunsQuery(scope), enabled: isShown });
  return (
    <div className="next-runs">
      {isShown ? (
        <section aria-label={strategy.preview}>
          <h3>{strategy.preview}</h3>
          <Loaded query={runs}>{({ contents }) => <PlannedRuns runs={contents} />}</Loaded>
        </section>
      ) : (
        <Button size="small" onClick={() => setShown(true)}>
          {strategy.showRuns}
        </Button>
      )}
    </div>
  );
}
