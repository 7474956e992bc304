import { playwright } from '@vitest/browser-playwright';
import { defineConfig, mergeConfig } from 'vitest/config';

import console from './vite.config.ts';

/** What Debian's browser is started with, in containers too. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** Rules are tested by themselves, components (`.test.tsx`) in a real browser. */
export default mergeConfig(
  console,
  defineConfig({
    test: {
      projects: [
        { extends: true, test: { name: 'rules', environment: 'node', include: ['src/**/*.test.ts'] } },
        {
          extends: true,
          // What only a chart imports would be found while its test runs, which begins anew then.
          optimizeDeps: { include: ['uplot'] },
          test: {
            name: 'components',
            include: ['src/**/*.test.tsx'],
            setupFiles: ['src/testing/labels.ts'],
            // What is waited for comes, only later on a busy machine.
            testTimeout: 60_000,
            expect: { poll: { timeout: 15_000 } },
            browser: {
              enabled: true,
              headless: true,
              screenshotFailures: false,
              viewport: { width: 1280, height: 800 },
              provider: playwright({
                launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS },
                contextOptions: { locale: 'en-US', reducedMotion: 'reduce' },
              }),
              instances: [{ browser: 'chromium' }],
            },
          },
        },
      ],
    },
  }),
);
