import { expect, test } from 'vitest';

import { actionsOf } from './logBackup';

test.each([
  ['NEVER', 'GEN4', ['start']],
  ['DOING', 'GEN4', ['pause', 'stop']],
  ['DOING', 'GEN3', ['stop']],
  ['SUSPEND', 'GEN4', ['resume', 'stop']],
  ['INTERRUPTED', 'GEN4', ['stop']],
  ['STOPPING', 'GEN4', []],
] as const)('log backup that is %s on %s offers what leads on from there', (status, generation, actions) => {
  expect(actionsOf(status, generation)).toEqual(actions);
});
