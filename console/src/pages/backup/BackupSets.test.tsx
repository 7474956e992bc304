import { me, network } from '../../testing/network';

import { expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';

import { backupSet } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import { BackupSets } from './BackupSets';

const LOST = { tenantName: 'shop', kind: 'tables', name: '`crm`.`old`', reason: 'The table crm.old is kept by MyISAM', agreed: false } as const;

test('a partial set says so with a word and a colour of its own, and what it lacks', async () => {
  const sets = [backupSet({ status: 'PARTIAL', leftOut: [LOST] }), backupSet({ backupSetId: 2 })];
  network({
    ...me('BACKUP'),
    'GET /ob/clusters/7/backup/sets': {
      data: { contents: sets, page: { number: 1, size: 10, totalElements: 2, totalPages: 1 } },
    },
  });
  stage(<BackupSets id={7} onRecover={vi.fn()} />);
  const partial = page.getByText('Partial', { exact: true });
  await expect.element(partial).toBeVisible();
  const colour = (text: string) => getComputedStyle(page.getByText(text, { exact: true }).element().querySelector('.status-sign') ?? document.body).color;
  expect(colour('Partial')).not.toBe(colour('Available'));
  document.querySelector<HTMLElement>('tr.ant-table-row td.ant-table-row-expand-icon-cell > *')?.click();
  await expect.element(page.getByTestId('left-out')).toHaveTextContent(LOST.reason);
});
