import { QueryClient } from '@tanstack/react-query';

import { Problem } from './problem';

/** The cache of the server's answers for all pages. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5000,
      // Retry only if the server did not answer: it would refuse the same request again.
      retry: (failures, error) => failures < 2 && error instanceof Problem && error.status === 0,
    },
  },
});
