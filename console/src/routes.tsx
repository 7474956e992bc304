import { App } from '@oceanbase/design';
import { createBrowserRouter, Navigate } from 'react-router';

import { Frame } from './parts/Frame';
import { Numbered } from './parts/Numbered';
import { Crashed } from './parts/Crashed';
import { NotFound } from './parts/PageState';
import { pages } from './pageFiles';

/** The page of each address. */
export const router = createBrowserRouter([
  {
    element: (
      // Inside the router, because its messages contain links.
      <App>
        <Frame />
      </App>
    ),
    errorElement: <Crashed />,
    hydrateFallbackElement: <></>,
    children: [
      { index: true, element: <Navigate to="/clusters" replace /> },
      { path: 'clusters', lazy: () => page(pages.clusters()) },
      {
        element: <Numbered />,
        children: [
          { path: 'clusters/:clusterId', lazy: () => page(pages.overview()) },
          { path: 'clusters/:clusterId/backup', lazy: () => page(pages.backup()) },
          { path: 'clusters/:clusterId/tenants/:tenantId', lazy: () => page(pages.tenant()) },
          { path: 'clusters/:clusterId/compaction', lazy: () => page(pages.compaction()) },
          { path: 'tasks/:taskId', lazy: () => page(pages.task()) },
        ],
      },
      { path: 'backup', lazy: () => page(pages.allBackups()) },
      { path: 'backup/sets', lazy: () => page(pages.allSets()) },
      { path: 'backup/tenants', lazy: () => page(pages.protection()) },
      { path: 'tasks', lazy: () => page(pages.tasks()) },
      { path: 'storages', lazy: () => page(pages.storages()) },
      { path: 'system/:tab?', lazy: () => page(pages.system()) },
      { path: '*', element: <NotFound /> },
    ],
  },
]);

async function page(module: Promise<{ default: React.ComponentType }>) {
  return { Component: (await module).default };
}
