import { TimePicker } from '@oceanbase/design';
import dayjs from 'dayjs';

import { useLabels } from '../../locales';

interface TimeFieldProps {
  id?: string;
  label?: string;
  value: string;
  onChange: (time: string) => void;
}

/** A time of day; shows seconds only if the value has them. */
export function TimeField({ id, label, value, onChange }: TimeFieldProps) {
  const { strategy } = useLabels();
  const format = value.length > 5 ? 'HH:mm:ss' : 'HH:mm';
  const shown = value ? dayjs(`2024-01-01T${value}`) : null;
  return (
    <TimePicker
      {...(id ? { id } : {})}
      {...(label ? { 'aria-label': label } : {})}
      allowClear={false}
      needConfirm={false}
      format={format}
      placeholder={label ?? strategy.time}
      value={shown}
      onChange={(_, text) => onChange(String(text))}
    />
  );
}
