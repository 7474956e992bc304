import { me, network } from '../../testing/network';

import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import type { Alarm } from '../../api/types';
import { stage } from '../../testing/stage';
import { AlarmList } from './AlarmList';
import { AlarmsDrawer } from './AlarmsDrawer';
import { newAlarms } from './useAlarms';

const DISK: Alarm = {
  id: 'lifeboat_disk_unavailable-0-0',
  alarmType: 'lifeboat_disk_unavailable',
  name: 'Disk of Lifeboat unavailable',
  state: 'NEW',
  level: 1,
  scope: 'Server',
  target: 'lifeboat=backup-1',
  summary: 'lifeboat=backup-1 Disk of Lifeboat unavailable',
  details: { id: 'disk-full', message: 'The disk of the data directory is full' },
  clusterId: null,
  clusterName: null,
};
const MISSED: Alarm = {
  ...DISK,
  id: 'backup_run_missed-7-1002',
  alarmType: 'backup_run_missed',
  name: 'Backup run missed',
  scope: 'Tenant',
  target: 'ob_cluster=prod-12:tenant_name=shop',
  summary: 'ob_cluster=prod-12:tenant_name=shop Backup run missed',
  clusterId: 7,
  clusterName: 'prod',
  tenantId: 1002,
  tenantName: 'shop',
};

const links = () => page.getByRole('link').elements().map((link) => link.getAttribute('href'));

test('an alarm of the server itself names it, and leads to no cluster', async () => {
  stage(<AlarmList alarms={[DISK, MISSED]} />);
  const alarm = page.getByRole('article', { name: DISK.summary });
  await expect.element(alarm.getByTestId('alarm-object')).toHaveTextContent('Lifeboat server');
  await expect.element(page.getByRole('article', { name: MISSED.summary }).getByTestId('alarm-object')).toHaveTextContent('prod / shop');
  expect(links()).toEqual(['/system', '/clusters/7/backup?list=strategy']);
});

test('an alarm without a cluster whose page is of a cluster has no link', async () => {
  stage(<AlarmList alarms={[{ ...MISSED, clusterId: null, clusterName: null }]} />);
  await expect.element(page.getByTestId('alarm-object')).toHaveTextContent('Lifeboat server');
  expect(links()).toEqual([]);
});

const list = (...contents: unknown[]) => ({
  data: { contents, page: { number: 1, size: 20, totalElements: contents.length, totalPages: 1 } },
});
const RECORDED: Alarm = { ...MISSED, alarmId: 12 };

test('an alarm is acknowledged with a comment, and silenced with a reason and an end', async () => {
  const calls = network({ ...me('BACKUP'), 'POST /alarm/alarms/12/acknowledge': { data: RECORDED }, 'PUT /alarm/alarms/12/silence': { data: RECORDED } });
  stage(<AlarmList alarms={[RECORDED]} />);
  await page.getByRole('button', { name: 'Acknowledge' }).click();
  await page.getByLabelText('Comment').fill(' mine ');
  await page.getByRole('dialog').getByRole('button', { name: 'Acknowledge' }).click();
  await expect.poll(() => calls.find(({ call }) => call === 'POST /alarm/alarms/12/acknowledge')?.body).toEqual({ comment: 'mine' });
  await expect.poll(() => page.getByLabelText('Comment').elements()).toEqual([]);

  const before = Date.now();
  await page.getByRole('button', { name: 'Silence Until…' }).click();
  const silence = page.getByRole('dialog').getByRole('button', { name: 'Silence', exact: true });
  await expect.element(silence).toBeDisabled();
  await page.getByLabelText('Reason').fill('upgrade');
  await silence.click();
  const sent = () => calls.find(({ call }) => call === 'PUT /alarm/alarms/12/silence')?.body as { endTime: string; reason: string } | undefined;
  await expect.poll(() => sent()?.reason).toBe('upgrade');
  const hours = (new Date(sent()?.endTime ?? '').getTime() - before) / 3_600_000;
  expect(hours).toBeGreaterThanOrEqual(4);
  expect(hours).toBeLessThan(4.1);
});

test('an alarm shows who handles it, and its silence can be ended', async () => {
  const calls = network({ ...me('BACKUP'), 'DELETE /alarm/alarms/12/silence': { data: RECORDED } });
  const silenced: Alarm = {
    ...RECORDED,
    state: 'SILENCED',
    acknowledged: { time: '2026-11-28T02:00:00.000+00:00', user: 'eva', comment: 'mine' },
    silenced: { startTime: '2026-11-28T02:00:00.000+00:00', endTime: '2026-11-29T02:00:00.000+00:00', user: 'max', reason: 'upgrade' },
  };
  stage(<AlarmList alarms={[silenced]} />);
  await expect.element(page.getByTestId('alarm-acknowledged')).toHaveTextContent('Acknowledged by eva: mine');
  await expect.element(page.getByTestId('alarm-silenced')).toHaveTextContent('Silenced by max: upgrade');
  expect(page.getByRole('button', { name: 'Acknowledge' }).elements()).toEqual([]);
  await page.getByRole('button', { name: 'End Silence' }).click();
  await expect.poll(() => calls.some(({ call }) => call === 'DELETE /alarm/alarms/12/silence')).toBe(true);
});

test('who may not back up can read alarms only, and an alarm without a number has no buttons', async () => {
  network(me());
  stage(<AlarmList alarms={[RECORDED]} />);
  await expect.element(page.getByRole('button', { name: 'Acknowledge' })).toBeDisabled();
  stage(<AlarmList alarms={[MISSED]} />);
  expect(page.getByRole('button', { name: 'Acknowledge' }).elements()).toHaveLength(1);
});

test('the history shows the recovered alarms of the cluster, without buttons', async () => {
  const recovered: Alarm = { ...RECORDED, state: 'RECOVERED', recoveredAt: '2026-11-28T03:00:00.000+00:00' };
  const asked: string[] = [];
  network({
    ...me('BACKUP'),
    'GET /alarm/alarms': (query) => {
      asked.push(query.toString());
      return query.get('status') === 'HISTORY' ? list(recovered) : list();
    },
  });
  stage(<AlarmsDrawer cluster={{ id: 7, name: 'prod' }} onClose={() => undefined} />);
  await expect.element(page.getByText('No active alarms')).toBeVisible();
  await page.getByRole('tab', { name: 'History' }).click();
  await expect.element(page.getByTestId('alarm-recovered')).toBeVisible();
  expect(asked.some((query) => query.includes('status=HISTORY') && query.includes('clusterId=7'))).toBe(true);
  expect(page.getByRole('button', { name: 'Acknowledge' }).elements()).toEqual([]);
});

test('only alarms that nobody has handled count as new', () => {
  const states: Alarm['state'][] = ['NEW', 'ACKNOWLEDGED', 'SILENCED', 'NEW'];
  expect(newAlarms(states.map((state) => ({ ...MISSED, state })))).toHaveLength(2);
});
