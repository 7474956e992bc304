import { network, type Call } from '../testing/network';

import { expect, onTestFinished, test, vi } from 'vitest';
import { page } from 'vitest/browser';

import { useAlarms } from '../pages/alarms/useAlarms';
import { stage } from '../testing/stage';
import { useLiveEvents } from './events';

/** A stream that sends the events of the test. */
class Stream extends EventTarget {
  static readonly CLOSED = 2;
  static last: Stream | undefined;
  readyState = 1;
  constructor() {
    super();
    Stream.last = this;
  }
  close() {
    this.readyState = Stream.CLOSED;
  }
  say(type: string, about: unknown) {
    this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(about) }));
  }
}

function Alarms() {
  useLiveEvents();
  const alarms = useAlarms();
  return <output data-testid="alarms">{alarms.data?.length ?? 'unread'}</output>;
}

const reads = (calls: Call[]) => calls.filter(({ call }) => call === 'GET /alarm/alarms').length;

test('alarms are read anew when the server says that one has changed, and for nothing else', async () => {
  vi.stubGlobal('EventSource', Stream);
  onTestFinished(() => void vi.unstubAllGlobals());
  let holds: unknown[] = [];
  const calls = network({
    'GET /alarm/alarms': () => ({ data: { contents: holds, page: { number: 1, size: 2000, totalElements: holds.length, totalPages: 1 } } }),
  });
  stage(<Alarms />);
  await expect.element(page.getByTestId('alarms')).toHaveTextContent('0');
  holds = [{ id: 'base_backup_fail-7-0' }];
  // Wait longer than GATHER_MS: if the event counted, the alarms would have been read by now.
  Stream.last?.say('task', { taskId: 12, clusterId: 7, at: '2026-11-25T10:00:00.000+08:00' });
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(reads(calls)).toBe(1);
  Stream.last?.say('alarm', { id: 'base_backup_fail-7-0', alarmType: 'base_backup_fail', change: 'RAISED', clusterId: 7 });
  await expect.element(page.getByTestId('alarms')).toHaveTextContent('1');
  expect(reads(calls)).toBe(2);
});
