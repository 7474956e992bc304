import { App, ConfigProvider } from '@oceanbase/design';
import { QueryClient, QueryClientProvider, type QueryKey } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { MemoryRouter, Route, Routes, useLocation } from 'react-router';
import { onTestFinished } from 'vitest';

import '../console.css';

interface Scene {
  /** The pattern of the addresses that show the component; at other addresses it is not shown. */
  path?: string;
  /** The initial address. */
  at?: string;
  /** The cached answers of the server, by key. */
  known?: [QueryKey, unknown][];
}

/**
 * Shows a component as the console does, until the test has ended. `place` contains the current address. Returns the
 * cache of the server's answers.
 */
export function stage(component: ReactNode, { path = '/', at = path, known = [] }: Scene = {}): QueryClient {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  for (const [key, said] of known) queries.setQueryData(key, said);
  const box = document.createElement('div');
  document.body.append(box);
  const root = createRoot(box);
  root.render(
    <ConfigProvider theme={{ token: { motion: false } }}>
      <QueryClientProvider client={queries}>
        <MemoryRouter initialEntries={[at]}>
          <App>
            <Routes>
              <Route path={path} element={component} />
              <Route path="*" element={null} />
            </Routes>
            <Place />
          </App>
        </MemoryRouter>
      </QueryClientProvider>
    </ConfigProvider>,
  );
  onTestFinished(() => {
    root.unmount();
    box.remove();
  });
  return queries;
}

function Place() {
  const { pathname, search } = useLocation();
  return <output data-testid="place">{pathname + search}</output>;
}
