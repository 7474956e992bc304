import type { Plugin } from 'vite';

/** The file that declares the design's fonts. */
const FONTS = /@oceanbase[\\/]design[\\/]es[\\/]style[\\/]global\.js/;

/** The file that says how heavy the design's texts are. */
const WEIGHTS = /@oceanbase[\\/]design[\\/]es[\\/]theme[\\/]default\.js/;

/**
 * Keeps the console from ever asking another host, and from handing on typefaces that are not free: the design's font
 * rules name both. `plain.css` declares the ones that are used, each weight with its own file. The design writes English
 * a weight heavier or lighter than Chinese; here both are 400, 500 and 600.
 */
export function offline(): Plugin {
  return {
    name: 'lifeboat-offline',
    transform(code, id) {
      if (FONTS.test(id)) {
        const without = code
          .replace(/^import \w+ from ["'][^"']*\.woff2["'];?$/gm, '')
          .replace(/\{\s*'@font-face': \{[^}]*\}\s*\},\s*/g, '');
        if (/woff2|font-face/.test(without)) throw new Error('the design names its fonts in a new way; see console/offline.ts');
        return { code: without, map: null };
      }
      if (WEIGHTS.test(id)) {
        const even = code.replace('fontWeightWeakEn = 300', 'fontWeightWeakEn = 400').replace('fontWeightEn = 500', 'fontWeightEn = 400');
        if (even.match(/fontWeight(Weak)?En = 400/g)?.length !== 2) throw new Error('the design names its weights in a new way; see console/offline.ts');
        return { code: even, map: null };
      }
      return undefined;
    },
  };
}
