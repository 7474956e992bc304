import { Alert } from '@oceanbase/design';

import type { TestLine, TestResult } from '../api/types';
import { useLabels } from '../locales';
import { Explanation } from './ProblemAlert';
import { formatLatency } from './format';
import { Prose } from './Prose';
import { Status, toneOf } from './Status';

/** The result of a test: a line per check, with latency, cause and fix. */
export function TestLines({ result }: { result: TestResult }) {
  return (
    <div className="test" data-testid="test-lines">
      <Verdict result={result} />
      <ol className="test-lines">
        {result.lines.map((line) => (
          <Line key={line.check} line={line} />
        ))}
      </ol>
    </div>
  );
}

function Verdict({ result: { passed, lines } }: { result: TestResult }) {
  const { test } = useLabels();
  // The first line is about the storage itself: if it was not checked, nothing in the storage was.
  const isOutOfReach = passed && lines[0]?.outcome === 'NOT_CHECKED';
  if (isOutOfReach) {
    return <Alert type="warning" showIcon message={test.notFromHere} description={test.notFromHereHint} role="status" />;
  }
  return (
    <Alert
      type={passed ? 'success' : 'error'}
      showIcon
      message={passed ? test.allPassed : test.someFailed}
      role="status"
    />
  );
}

function Line({ line }: { line: TestLine }) {
  const { test } = useLabels();
  const isWarning = line.outcome === 'PASSED' && line.error;
  const words = { PASSED: test.passed, FAILED: test.failed, NOT_CHECKED: test.notChecked };
  return (
    <li className="test-line" data-outcome={line.outcome}>
      <div className="test-line-head">
        <Status tone={isWarning ? 'warn' : toneOf(line.outcome)}>
          <span className="test-line-name">{line.name}</span>
        </Status>
        <span className="quiet">
          {isWarning ? test.warning : words[line.outcome]}
          {line.outcome === 'NOT_CHECKED' ? null : ` · ${formatLatency(line.latencyUs)}`}
        </span>
      </div>
      {line.error ? (
        <div className="test-line-problem">
          <p>
            <Prose text={line.error.message} />
          </p>
          <Explanation words={line.error} />
        </div>
      ) : null}
    </li>
  );
}
