import { QueryClient } from '@tanstack/react-query';

import { Problem } from './problem';

/** What the server has answered, kept for all pages. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5000,
      // What the server has refused it refuses again; only silence is worth another try.
      retry: (failures, error) => failures < 2 && error instanceof Problem && error.status === 0,
    },
  },
});
