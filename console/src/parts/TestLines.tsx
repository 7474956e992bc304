import { Alert } from '@oceanbase/design';

import type { TestLine, TestResult } from '../api/types';
import { useLabels } from '../locales';
import { Explanation } from './ProblemAlert';
import { formatLatency } from './format';
import { Status, toneOf } from './Status';

/** What a test found: a line per check, with latency, cause and remedy. */
export function TestLines({ result }: { result: TestResult }) {
  const { test } = useLabels();
  return (
    <div className="test" data-testid="test-lines">
      <Alert
        type={result.passed ? 'success' : 'error'}
        showIcon
        message={result.passed ? test.allPassed : test.someFailed}
        role="status"
      />
      <ol className="test-lines">
        {result.lines.map((line) => (
          <Line key={line.check} line={line} />
        ))}
      </ol>
    </div>
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
          <p>{line.error.message}</p>
          <Explanation words={line.error} />
        </div>
      ) : null}
    </li>
  );
}
