import './console.css';

import { currentLanguage } from './locales/language';
import { loadLabels } from './locales/load';
import { showAppearance } from './parts/appearance';

/** How long after a file could not be loaded the page tries again. */
const RETRY_MS = 3000;

/** Shows the console in place of the skeleton that came with the page. The two files load side by side. */
async function start(root: HTMLElement) {
  document.documentElement.lang = currentLanguage() === 'zh' ? 'zh-CN' : 'en';
  showAppearance();
  const [{ show }] = await Promise.all([import('./Entry'), loadLabels(currentLanguage())]);
  show(root);
}

const root = document.getElementById('root');
if (root) start(root).catch(() => window.setTimeout(() => window.location.reload(), RETRY_MS));
