import type { Plugin } from 'vite';

/** The file that declares the design's fonts. */
const FONTS = /@oceanbase[\\/]design[\\/]es[\\/]style[\\/]global\.js/;

/** Typefaces that are not free to hand on. The fonts of the reader's system take their place. */
const PROPRIETARY = /^import \w+ from ["'][^"']*(Consolas|HelveticaNeue)\.woff2["'];?$/gm;

/**
 * Keeps the console from ever asking another host: the design's font rules name addresses on the Internet
 * behind the files that are bundled.
 */
export function offline(): Plugin {
  return {
    name: 'lifeboat-offline',
    transform(code, id) {
      if (!FONTS.test(id)) {
        return undefined;
      }
      const local = code
        .replace(/, url\('https:\/\/[^']*'\) format\('woff2'\)/g, '')
        .replace(PROPRIETARY, '')
        .replace(/, url\("\.concat\((consolas|helveticaNeue), "\) format\('woff2'\)"\)/g, '"');
      if (/https:\/\/[^'"]*woff2/.test(local) || /concat\((consolas|helveticaNeue)/.test(local)) {
        throw new Error('the design names its fonts in a new way; see console/offline.ts');
      }
      return { code: local, map: null };
    },
  };
}
