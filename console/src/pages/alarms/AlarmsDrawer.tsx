import { Drawer } from '@oceanbase/design';

import { useLabels } from '../../locales';
import { Loaded } from '../../parts/PageState';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { AlarmList } from './AlarmList';
import { useAlarms } from './useAlarms';

interface AlarmsDrawerProps {
  /** The cluster whose alarms are shown; without one, those of all clusters. */
  cluster?: { id: number; name: string } | undefined;
  onClose: () => void;
}

/** The current alarms, in a drawer beside the page. */
export function AlarmsDrawer({ cluster, onClose }: AlarmsDrawerProps) {
  useReturnFocus();
  const { alarms: labels } = useLabels();
  const alarms = useAlarms();
  return (
    <Drawer open width={640} footer={null} title={cluster ? labels.of(cluster.name) : labels.title} onClose={onClose}>
      <Loaded query={alarms}>
        {(all) => <AlarmList alarms={cluster ? all.filter(({ clusterId }) => clusterId === cluster.id) : all} />}
      </Loaded>
    </Drawer>
  );
}
