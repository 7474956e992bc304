import { loadLabels } from '../locales/load';

// The console loads the labels before it shows anything; every test file must do the same.
await loadLabels('en');
