import { Component, useEffect, type ReactNode } from 'react';

import { useLabels } from '../locales';
import { PlainButton } from './PlainButton';

/** How often a server that was away is asked whether it is back. */
const ASK_MS = 2000;

/** A fault of the console itself, or a file of it that could not be loaded: when the server was away, it loads again. */
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

/** Shows {@link Crashed} instead of what could not be shown. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { isCrashed: boolean }> {
  override state = { isCrashed: false };

  static getDerivedStateFromError() {
    return { isCrashed: true };
  }

  override render() {
    return this.state.isCrashed ? <Crashed /> : this.props.children;
  }
}
