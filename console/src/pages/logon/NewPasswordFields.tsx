import { Form, Input } from '@oceanbase/design';

import { useLabels } from '../../locales';

export interface NewPassword {
  oldPassword?: string;
  newPassword: string;
  repeat: string;
}

/** The fields of a change of password; the present one is not asked for where it was typed a moment ago. */
export function NewPasswordFields({ askOld }: { askOld: boolean }) {
  const labels = useLabels().logOn;
  return (
    <>
      {askOld ? (
        <Form.Item
          name="oldPassword"
          label={labels.oldPassword}
          rules={[{ required: true, message: labels.passwordMissing }]}
        >
          <Input.Password autoComplete="current-password" autoFocus />
        </Form.Item>
      ) : null}
      <Form.Item
        name="newPassword"
        label={labels.newPassword}
        extra={labels.rule}
        rules={[{ required: true, min: 8, max: 128, message: labels.rule }]}
      >
        <Input.Password autoComplete="new-password" autoFocus={!askOld} />
      </Form.Item>
      <Form.Item
        name="repeat"
        label={labels.repeat}
        dependencies={['newPassword']}
        rules={[
          ({ getFieldValue }) => ({
            validator: (_, value: string) =>
              value === getFieldValue('newPassword') ? Promise.resolve() : Promise.reject(new Error(labels.differs)),
          }),
        ]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
    </>
  );
}
