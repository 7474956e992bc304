import { Alert } from '@oceanbase/design';
import type { ReactNode } from 'react';

import { Problem } from '../api/problem';
import type { Words } from '../api/types';
import { useLabels } from '../locales';
import { Prose } from './Prose';

interface WordsAlertProps {
  words: Words;
  type?: 'error' | 'warning' | 'info';
  traceId?: string | undefined;
  /** What can be pressed to repair it. */
  buttons?: ReactNode;
}

/** What happened, why, what to do now, and a button for it where there is one. */
export function WordsAlert({ words, type = 'error', traceId, buttons }: WordsAlertProps) {
  return (
    <Alert
      type={type}
      showIcon
      role="alert"
      message={<Prose text={words.message} />}
      description={<Explanation words={words} traceId={traceId} />}
      action={buttons}
      className="problem"
    />
  );
}

/** Cause, original message and next action of something that went wrong; nothing where nothing is known. */
export function Explanation({ words, traceId }: { words: Words; traceId?: string | undefined }) {
  const { state } = useLabels();
  const rows: Array<[string, ReactNode]> = [];
  if (words.cause) rows.push([state.cause, <Prose key="cause" text={words.cause} />]);
  if (words.raw && words.raw !== words.message) rows.push([state.raw, <code key="raw">{words.raw}</code>]);
  if (words.action) rows.push([state.action, <Prose key="action" text={words.action} />]);
  if (traceId) rows.push([state.trace, <code key="trace">{traceId}</code>]);
  if (rows.length === 0) return null;
  return (
    <dl className="explanation">
      {rows.map(([term, text]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A call that failed, in the server's words; nothing while there is no failure. */
export function ProblemAlert({ error, buttons }: { error: unknown; buttons?: ReactNode }) {
  const { state } = useLabels();
  if (!error) return null;
  if (error instanceof Problem && error.words) {
    const traceId = error.status >= 500 ? error.traceId : undefined;
    return <WordsAlert words={error.words} traceId={traceId} buttons={buttons} />;
  }
  const words: Words = { id: 'unreachable', message: state.unreachable, action: state.unreachableHint };
  return <WordsAlert words={words} buttons={buttons} />;
}
