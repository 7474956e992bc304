import './console.css';

import { currentLanguage } from './locales/language';
import { loadLabels } from './locales/load';
import { showAppearance } from './parts/appearance';

/** How long the page waits to try again after a file could not be loaded. */
const RETRY_MS = 3000;

/** Shows the console instead of the skeleton in the page. Both files load at the same time. */
async function start(root: HTMLElement) {
  document.documentElement.lang = currentLanguage() === 'zh' ? 'zh-CN' : 'en';
  showAppearance();
  const [{ show }] = await Promise.all([import('./Entry'), loadLabels(currentLanguage())]);
  show(root);
}

const root = document.getElementById('root');
if (root) start(root).catch(() => window.setTimeout(() => window.location.reload(), RETRY_MS));
