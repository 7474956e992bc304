import type { Plugin, Rolldown } from 'vite';

/** What the page that is opened needs from the start, beside what the first script imports. */
const NOW = ['src/Entry.tsx'];

/** What the page behind the log-on needs: `loadNext` turns these into modulepreloads when the log-on can be used. */
const NEXT = ['src/Console.tsx', 'src/pages/clusters/ClustersPage.tsx'];

const STYLES = /\s*<link rel="stylesheet"[^>]*>/g;

/**
 * Makes the first response enough to see something: the styles come after the skeleton, which is painted before they are
 * there, and scripts that are needed anyway are asked for at once.
 */
export function firstResponse(): Plugin {
  return {
    name: 'lifeboat-first-response',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        if (!bundle) return html;
        const links = (rel: string, files: readonly string[]) =>
          files.map((file) => `    <link rel="${rel}" crossorigin href="/${chunkOf(bundle, file)}">\n`).join('');
        const styles = html.match(STYLES)?.join('') ?? '';
        return html
          .replace(STYLES, '')
          .replace('  </head>', `${links('modulepreload', NOW)}${links('next', NEXT)}  </head>`)
          .replace('\n  </body>', `${styles}\n  </body>`);
      },
    },
  };
}

function chunkOf(bundle: Rolldown.OutputBundle, file: string): string {
  const found = Object.values(bundle).find((part) => part.type === 'chunk' && part.moduleIds.some((id) => id.endsWith(`/${file}`)));
  if (!found) throw new Error(`no file of the console holds ${file}; see console/firstResponse.ts`);
  return found.fileName;
}
