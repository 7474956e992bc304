import { Checkbox, Form } from '@oceanbase/design';

import { useLabels } from '../../locales';
import { useMay } from '../logon/me';

interface WithCodeProps {
  isWanted: boolean;
  onChange: (isWanted: boolean) => void;
}

/** Whether code, users and privileges are recovered too; only for administrators. */
export function WithCode({ isWanted, onChange }: WithCodeProps) {
  const { recovery } = useLabels();
  const may = useMay();
  return (
    <Form.Item extra={may.manageUsers ? recovery.withCodeHint : recovery.withCodeAdmin}>
      <Checkbox
        checked={isWanted}
        disabled={!may.manageUsers}
        onChange={(event: { target: { checked: boolean } }) => onChange(event.target.checked)}
      >
        {recovery.withCode}
      </Checkbox>
    </Form.Item>
  );
}
