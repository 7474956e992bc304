import { QueryClientProvider } from '@tanstack/react-query';
import { lazy, Suspense, useEffect } from 'react';
import { createRoot } from 'react-dom/client';

import { Loading } from './parts/Loading';
import { RequireLogOn } from './pages/logon/RequireLogOn';
import { ErrorBoundary } from './parts/Crashed';
import { openingPage } from './pageFiles';
import { queries } from './api/queries';
import { useLabels, useLanguage } from './locales';
import { showAppearance, useAppearance } from './parts/appearance';

const openConsole = () => import('./Console');
const Console = lazy(() => {
  // The page of the address loads at the same time as the frame around it.
  void openingPage(window.location.pathname)?.().catch(() => undefined);
  return openConsole();
});

/** The log-on, which is loaded first. Everything else loads when a user is logged on, or is about to be. */
function Entry() {
  const language = useLanguage();
  const appearance = useAppearance();
  const { product, tagline } = useLabels();

  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
    showAppearance();
    document.title = `${product} · ${tagline}`;
    // The server returns texts in the reader's language, so they must be read again.
    void queries.invalidateQueries();
  }, [language, appearance, product, tagline]);

  return (
    <ErrorBoundary>
      <QueryClientProvider client={queries}>
        <RequireLogOn>
          <Suspense fallback={<Loading />}>
            <Console />
          </Suspense>
        </RequireLogOn>
      </QueryClientProvider>
    </ErrorBoundary>
  );
}

/** Shows the console in an element of the page. */
export function show(root: HTMLElement): void {
  createRoot(root).render(<Entry />);
}
