import { createBrowserRouter, Navigate } from 'react-router';

import { Frame } from './parts/Frame';
import { Crashed, NotFound } from './parts/PageState';
import { RequireLogOn } from './pages/logon/RequireLogOn';

/** Every page, each in a file of its own that is loaded when it is first needed. */
export const router = createBrowserRouter([
  {
    element: (
      <RequireLogOn>
        <Frame />
      </RequireLogOn>
    ),
    errorElement: <Crashed />,
    hydrateFallbackElement: <></>,
    children: [
      { index: true, element: <Navigate to="/clusters" replace /> },
      { path: 'clusters', lazy: () => page(import('./pages/clusters/ClustersPage')) },
      { path: 'clusters/:clusterId', lazy: () => page(import('./pages/clusters/OverviewPage')) },
      { path: 'clusters/:clusterId/backup', lazy: () => page(import('./pages/backup/BackupPage')) },
      { path: 'backup', lazy: () => page(import('./pages/backup/AllBackupsPage')) },
      { path: 'tasks', lazy: () => page(import('./pages/tasks/TasksPage')) },
      { path: 'tasks/:taskId', lazy: () => page(import('./pages/tasks/TaskPage')) },
      { path: 'storages', lazy: () => page(import('./pages/storages/StoragesPage')) },
      { path: 'system/:tab?', lazy: () => page(import('./pages/system/SystemPage')) },
      { path: '*', element: <NotFound /> },
    ],
  },
]);

async function page(module: Promise<{ default: React.ComponentType }>) {
  return { Component: (await module).default };
}
