import { fileURLToPath } from 'node:url';

import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

import { acyclic } from './acyclic.ts';
import { budget } from './budget.ts';
import { compressed } from './compressed.ts';
import { firstResponse } from './firstResponse.ts';
import { smallFonts } from './fonts.ts';
import { lighter } from './lighter.ts';
import { offline } from './offline.ts';

/** Where `npm run dev` finds a running server. */
const SERVER = process.env.LIFEBOAT_SERVER ?? 'http://127.0.0.1:8180';

export default defineConfig({
  plugins: [react(), offline(), lighter(), smallFonts(), firstResponse(), acyclic(), budget(), compressed()],
  resolve: {
    // The full player evaluates text as code, which the page's security policy forbids.
    alias: [
      { find: 'lottie-web', replacement: 'lottie-web/build/player/lottie_light' },
      // The design takes some modules of antd a second time in their old form.
      { find: /^antd\/lib\//, replacement: 'antd/es/' },
      { find: 'resize-observer-polyfill', replacement: fileURLToPath(new URL('observer.ts', import.meta.url)) },
    ],
    dedupe: ['react', 'react-dom', '@ant-design/cssinjs', 'antd'],
  },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2000,
    reportCompressedSize: true,
    rolldownOptions: {
      // Packages define things and change nothing; only some say so.
      treeshake: { moduleSideEffects: [{ test: /node_modules.*\.js$/, sideEffects: false }] },
      output: {
          chunkFileNames: ({ name }) => `assets/${name.split('~', 1)[0]}-[hash].js`,
        codeSplitting: {
          groups: [
            // One file each: what starts, what the log-on needs, what every page needs, and the list of clusters with the
            // account's menu, which comes right after it.
            { name: 'start', test: /src\/main\.ts$|vite\/preload-helper|rolldown\/runtime/, priority: 6 },
            { name: 'labels', test: /src\/locales\/(?!en\.|zh\.)/, priority: 5 },
            { name: 'first', test: /src\/Entry\.tsx$/, priority: 4 },
            { name: 'frame', test: /src\/Console\.tsx$/, priority: 3 },
            { name: 'list', test: /src\/pages\/clusters\/ClustersPage\.tsx$|AccountMenu\.tsx$/, priority: 2 },
            // Of the rest, what several pages share; crumbs go to their neighbours.
            { name: 'shared', entriesAware: true, entriesAwareMergeThreshold: 12_000, minShareCount: 2, priority: 1 },
          ],
        },
      },
    },
  },
  server: { proxy: { '^/(api|healthz|readyz)': { target: SERVER, changeOrigin: false } } },
});
