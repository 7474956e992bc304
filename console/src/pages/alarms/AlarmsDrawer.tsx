import { Drawer, Tabs } from '@oceanbase/design';

import { useLabels } from '../../locales';
import { Loaded } from '../../parts/PageState';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { AlarmHistory } from './AlarmHistory';
import { AlarmList } from './AlarmList';
import { useAlarmWords } from './alarmWords';
import { useAlarms } from './useAlarms';

interface AlarmsDrawerProps {
  /** The cluster whose alarms are shown; without one, those of all clusters. */
  cluster?: { id: number; name: string } | undefined;
  onClose: () => void;
}

/** The current and the recovered alarms, in a drawer beside the page. */
export function AlarmsDrawer({ cluster, onClose }: AlarmsDrawerProps) {
  useReturnFocus();
  const { alarms: labels } = useLabels();
  const words = useAlarmWords();
  const alarms = useAlarms();
  const current = (
    <Loaded query={alarms}>
      {(all) => <AlarmList alarms={cluster ? all.filter(({ clusterId }) => clusterId === cluster.id) : all} />}
    </Loaded>
  );
  return (
    <Drawer open width={640} footer={null} title={cluster ? labels.of(cluster.name) : labels.title} onClose={onClose}>
      <Tabs
        items={[
          { key: 'current', label: words.current, children: current },
          { key: 'history', label: words.history, children: <AlarmHistory cluster={cluster?.id} /> },
        ]}
      />
    </Drawer>
  );
}
