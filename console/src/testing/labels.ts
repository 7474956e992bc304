import { loadLabels } from '../locales/load';

// The console loads them before anything is shown; so does each file of tests.
await loadLabels('en');
