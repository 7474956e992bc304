import { me, network } from '../testing/network';

import { useState } from 'react';
import { expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';

import { stage } from '../testing/stage';
import { AccountMenu } from './AccountMenu';
import { AlarmsDrawer } from '../pages/alarms/AlarmsDrawer';

function Opener() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button onClick={() => setOpen(true)}>Opener</button>
      {open ? <AlarmsDrawer onClose={() => setOpen(false)} /> : null}
    </>
  );
}

test('Esc gives the keyboard back to what opened a drawer', async () => {
  network({ 'GET /alarm/alarms': { data: { contents: [], page: { number: 1, size: 10, totalElements: 0, totalPages: 0 } } } });
  stage(<Opener />);
  await page.getByRole('button', { name: 'Opener' }).click();
  await expect.element(page.getByText('No active alarms')).toBeVisible();
  await userEvent.keyboard('{Escape}');
  await expect.element(page.getByRole('button', { name: 'Opener' })).toHaveFocus();
});

test('Esc gives the keyboard back to the button of the menu that opened a dialog', async () => {
  network({ ...me('READ'), 'GET /users/me/tokens': { data: { contents: [], page: { number: 1, size: 10, totalElements: 0, totalPages: 0 } } } });
  stage(<AccountMenu />);
  const button = page.getByRole('button', { name: /^Account/ });
  await button.click();
  await page.getByRole('menuitem', { name: 'API Tokens' }).click();
  await expect.element(page.getByLabelText('Token name')).toBeVisible();
  await userEvent.keyboard('{Escape}');
  await expect.element(button).toHaveFocus();
});
