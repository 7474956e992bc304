import { Component, useEffect, type ReactNode } from 'react';

import { useLabels } from '../locales';
import { PlainButton } from './PlainButton';

/** The interval between two checks whether the server answers again. */
const ASK_MS = 2000;

/**
 * Shown after an error of the console itself, or after one of its files could not be loaded. If the server did not
 * answer, the page reloads when it does.
 */
export function Crashed() {
  const { state, actions } = useLabels();
  useEffect(() => {
    let away = false;
    const ask = async () => {
      const answers = await fetch('/healthz').then((answer) => answer.ok, () => false);
      if (answers && away) window.location.reload();
      away = !answers;
    };
    const asking = window.setInterval(() => void ask(), ASK_MS);
    return () => window.clearInterval(asking);
  }, []);
  return (
    <div className="whole-page outcome" role="alert">
      <h1>{state.failed}</h1>
      <PlainButton onClick={() => window.location.reload()}>{actions.reload}</PlainButton>
    </div>
  );
}

/** Shows {@link Crashed} instead of children that failed to render. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { isCrashed: boolean }> {
  override state = { isCrashed: false };

  static getDerivedStateFromError() {
    return { isCrashed: true };
  }

  override render() {
    return this.state.isCrashed ? <Crashed /> : this.props.children;
  }
}
