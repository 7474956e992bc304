import { gzipSync } from 'node:zlib';

import type { Plugin, Rolldown } from 'vite';

type Bundle = Rolldown.OutputBundle;

/** How much a browser that was never here may have to load until a page can be used, fonts included. */
interface Budget {
  what: string;
  /** Source files whose chunks the page needs, with all that these import. */
  files: readonly string[];
  kilobytes: number;
}

const FIRST = ['src/main.ts', 'src/Entry.tsx'];

const BUDGETS: readonly Budget[] = [
  { what: 'the log-on', files: FIRST, kilobytes: 200 },
  { what: 'the list of clusters', files: [...FIRST, 'src/Console.tsx', 'src/pages/clusters/ClustersPage.tsx'], kilobytes: 400 },
  ...['clusters/OverviewPage', 'backup/BackupPage', 'backup/AllBackupsPage', 'backup/AllSetsPage', 'protection/ProtectionPage', 'tenants/TenantPage', 'compaction/CompactionPage', 'tasks/TasksPage', 'tasks/TaskPage', 'storages/StoragesPage', 'system/SystemPage'].map((page) => ({
    what: page,
    files: [...FIRST, 'src/Console.tsx', `src/pages/${page}.tsx`],
    kilobytes: 600,
  })),
];

/** Each reader loads the labels of one language; this is the longer one. */
const LANGUAGES = ['src/locales/en.ts', 'src/locales/zh.ts'];

/** Fails the build when a page has become heavier than it may be: gzip, since not every client takes brotli. */
export function budget(): Plugin {
  return {
    name: 'lifeboat-budget',
    apply: 'build',
    writeBundle(_, bundle) {
      const over = BUDGETS.flatMap(({ what, files, kilobytes }) => {
        const bytes = Math.max(...LANGUAGES.map((language) => weightOf(bundle, [...files, language])));
        return bytes > kilobytes * 1000 ? [`${what}: ${Math.round(bytes / 1000)} kB of ${kilobytes}`] : [];
      });
      if (over.length > 0) throw new Error(`these pages are too heavy; load later what they do without: ${over.join('; ')}`);
    },
  };
}

/** Returns the bytes that these source files cost: their chunks, what these import, styles, fonts and the page itself. */
function weightOf(bundle: Bundle, files: readonly string[]): number {
  const chunks = new Set<string>();
  const add = (name: string) => {
    const chunk = bundle[name];
    if (chunks.has(name) || chunk?.type !== 'chunk') return;
    chunks.add(name);
    chunk.imports.forEach(add);
  };
  for (const file of files) add(chunkOf(bundle, file));
  const styles = new Set([...chunks].flatMap((name) => stylesOf(bundle, name)));
  const always = Object.keys(bundle).filter((name) => /\.(woff2|html)$/.test(name));
  return [...chunks, ...styles, ...always].reduce((total, name) => total + sizeOf(bundle, name), 0);
}

function chunkOf(bundle: Bundle, file: string): string {
  const found = Object.values(bundle).find((part) => part.type === 'chunk' && part.moduleIds.some((id) => id.endsWith(`/${file}`)));
  if (!found) throw new Error(`no file of the console holds ${file}; see console/budget.ts`);
  return found.fileName;
}

function stylesOf(bundle: Bundle, name: string): string[] {
  const chunk = bundle[name];
  return chunk?.type === 'chunk' ? [...(chunk.viteMetadata?.importedCss ?? [])] : [];
}

function sizeOf(bundle: Bundle, name: string): number {
  const part = bundle[name];
  if (!part) throw new Error(`${name} is missing from the build`);
  const bytes = Buffer.from(part.type === 'chunk' ? part.code : part.source);
  return name.endsWith('.woff2') ? bytes.length : gzipSync(bytes, { level: 9 }).length;
}
