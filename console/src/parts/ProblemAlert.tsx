import type { ReactNode } from 'react';

import { Problem } from '../api/problem';
import type { Words } from '../api/types';
import { useLabels } from '../locales';
import type { Labels } from '../locales/en';
import { Prose } from './Prose';

interface WordsAlertProps {
  words: Words;
  type?: 'error' | 'warning' | 'info';
  traceId?: string | undefined;
  /** The buttons of the repair. */
  buttons?: ReactNode;
}

/** The message, the cause, the fix, and a button for the fix if there is one. */
export function WordsAlert({ words, type = 'error', traceId, buttons }: WordsAlertProps) {
  return (
    <div className={`problem problem-${type}`} role="alert">
      <svg className="problem-sign" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <circle cx="8" cy="8" r="8" fill="currentColor" />
        <path d="M8 3.5v5.5M8 11v1.5" stroke="var(--sheet)" strokeWidth="1.6" />
      </svg>
      <div className="problem-text">
        <div className="problem-message">
          <Prose text={words.message} />
        </div>
        <Explanation words={words} traceId={traceId} />
      </div>
      {buttons}
    </div>
  );
}

/** The cause, the original message and the fix of an error; nothing if none is known. */
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

/** The ID of the server's text for a call without a log-on: that text explains the log-on of programs. */
const NOBODY = 'not-logged-on';

/** Returns why a call failed: the server's texts, or that there was no answer. */
export function wordsOf(error: unknown, { state, logOn }: Labels): Words {
  const words = error instanceof Problem ? error.words : undefined;
  if (words?.id === NOBODY) return { id: NOBODY, message: logOn.ended, action: logOn.endedHint };
  return words ?? { id: 'unreachable', message: state.unreachable, action: state.unreachableHint };
}

/** The error of a failed call; nothing if it did not fail. */
export function ProblemAlert({ error, buttons }: { error: unknown; buttons?: ReactNode }) {
  const labels = useLabels();
  if (!error) return null;
  const traceId = error instanceof Problem && error.status >= 500 ? error.traceId : undefined;
  return <WordsAlert words={wordsOf(error, labels)} traceId={traceId} buttons={buttons} />;
}
