import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import type { Alarm } from '../../api/types';
import { stage } from '../../testing/stage';
import { AlarmList } from './AlarmList';

const DISK: Alarm = {
  id: 'lifeboat_disk_unavailable-0-0',
  alarmType: 'lifeboat_disk_unavailable',
  name: 'Disk of Lifeboat unavailable',
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
