import { Radio } from '@oceanbase/design';

import { useChartWords } from './useChartWords';
import type { Days } from './words';

interface PeriodProps {
  days: Days;
  choices: readonly Days[];
  onChange: (days: Days) => void;
}

/** How far a chart looks back. */
export function Period({ days, choices, onChange }: PeriodProps) {
  const words = useChartWords();
  return (
    <Radio.Group
      optionType="button"
      size="small"
      aria-label={words.period}
      value={days}
      options={choices.map((value) => ({ value, label: words.periods[value] }))}
      onChange={(event) => onChange(event.target.value as Days)}
    />
  );
}
