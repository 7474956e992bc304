import subsetFont from 'subset-font';
import type { Plugin } from 'vite';

/** What the console writes in its own typeface: Latin and what stands between words. The system's fonts write the rest. */
const RANGES: ReadonlyArray<readonly [number, number]> = [
  [0x20, 0x7e],
  [0xa0, 0xff],
  [0x2010, 0x2027],
  [0x2030, 0x203a],
  [0x2070, 0x209f],
  [0x20ac, 0x20ac],
  [0x2122, 0x2122],
  [0x2190, 0x2199],
  [0x2212, 0x2212],
  [0x2260, 0x2265],
];

const KEPT = RANGES.flatMap(([first, last]) =>
  Array.from({ length: last - first + 1 }, (_, at) => String.fromCodePoint(first + at)),
).join('');

/** What of the letters' shapes is used: pairs that stand closer, accents, and digits of one width. */
const FEATURES = ['kern', 'mark', 'mkmk', 'ccmp', 'locl', 'tnum'];

/** Takes signs out of the bundled fonts that no page of ours shows: a fifth of each file is left. */
export function smallFonts(): Plugin {
  return {
    name: 'lifeboat-small-fonts',
    apply: 'build',
    async generateBundle(_, bundle) {
      for (const asset of Object.values(bundle)) {
        if (asset.type !== 'asset' || !asset.fileName.endsWith('.woff2')) continue;
        asset.source = await subsetFont(Buffer.from(asset.source), KEPT, { targetFormat: 'woff2', keepFeatures: FEATURES, noHinting: true });
      }
    },
  };
}
