import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

import { smallFonts } from './fonts.ts';
import { gzip } from './gzip.ts';
import { lighter } from './lighter.ts';
import { offline } from './offline.ts';

/** Where `npm run dev` finds a running server. */
const SERVER = process.env.LIFEBOAT_SERVER ?? 'http://127.0.0.1:8180';

export default defineConfig({
  plugins: [react(), offline(), lighter(), smallFonts(), gzip()],
  resolve: {
    // The full player evaluates text as code, which the page's security policy forbids.
    alias: [
      { find: 'lottie-web', replacement: 'lottie-web/build/player/lottie_light' },
      // The design takes some modules of antd a second time in their old form.
      { find: /^antd\/lib\//, replacement: 'antd/es/' },
    ],
    dedupe: ['react', 'react-dom', '@ant-design/cssinjs', 'antd'],
  },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2000,
    reportCompressedSize: true,
  },
  server: { proxy: { '^/(api|healthz|readyz)': { target: SERVER, changeOrigin: false } } },
});
