import { Checkbox } from '@oceanbase/design';

import { useLabels } from '../../locales';

interface UntestedProps {
  text: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

/** Requests a test of a typed-in storage, or the consent to continue without one. */
export function Untested({ text, checked, onChange }: UntestedProps) {
  const { backUpNow } = useLabels();
  return (
    <div className="untested">
      <p className="quiet">{text}</p>
      <Checkbox checked={checked} onChange={(event: { target: { checked: boolean } }) => onChange(event.target.checked)}>
        {backUpNow.untested}
      </Checkbox>
    </div>
  );
}
