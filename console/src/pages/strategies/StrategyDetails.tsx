import { Button } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import type { Strategy, Words } from '../../api/types';
import { useLabels } from '../../locales';
import { Loaded } from '../../parts/PageState';
import { WordsAlert } from '../../parts/ProblemAlert';
import { History } from './History';
import { PlannedRuns } from './PlannedRuns';
import { nextRunsQuery } from './queries';
import { scopeOf, type Scope } from './scope';
import { StrategyFacts } from './StrategyFacts';

/** A strategy: what it does, what comes next, and what became of each due time. */
export function StrategyDetails({ strategy }: { strategy: Strategy }) {
  const scope = scopeOf(strategy);
  return (
    <>
      {strategy.invalid ? <InvalidNote words={strategy.invalid} /> : null}
      <StrategyFacts strategy={strategy} />
      <NextRuns scope={scope} />
      <History scope={scope} />
    </>
  );
}

/** The rule that a strategy breaks which an earlier version saved. */
function InvalidNote({ words }: { words: Words }) {
  const { strategy } = useLabels();
  return (
    <div data-testid="invalid-strategy">
      <WordsAlert words={words} type="warning" />
      <p className="quiet hint">{strategy.invalidHint}</p>
    </div>
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
          <Loaded query={runs}>{(planned) => <PlannedRuns planned={planned} />}</Loaded>
        </section>
      ) : (
        <Button size="small" onClick={() => setShown(true)}>
          {strategy.showRuns}
        </Button>
      )}
    </div>
  );
}
