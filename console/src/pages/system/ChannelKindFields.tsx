import { MinusCircleOutlined, PlusOutlined } from '@oceanbase/icons';
import { Button, Form, Input, InputNumber, Radio, Select, type FormInstance } from '@oceanbase/design';

import { ENCRYPTIONS, USUAL_PORTS, type ChannelFields } from './channels';
import { useChannelWords } from './channelWords';

/** A plain mail address; the server checks it exactly. */
const ADDRESS = /^\s*[^\s@<>,]+@[^\s@<>,]+\s*$/;

function areAddresses(list: string[]) {
  return list.length >= 1 && list.length <= 50 && list.every((address) => ADDRESS.test(address));
}

/** The URL, the headers and the secret of the signature. */
export function WebhookFieldset() {
  const words = useChannelWords();
  return (
    <>
      <Form.Item name="url" label={words.url} rules={[{ required: true, pattern: /^\s*https?:\/\/\S+\s*$/, message: words.urlRule }]}>
        <Input.Password autoComplete="off" />
      </Form.Item>
      <Form.List name="headers">
        {(rows, { add, remove }) => (
          <>
            {rows.map(({ key, name }) => (
              <div key={key} className="header-row">
                <Form.Item name={[name, 'name']} label={words.header} rules={[{ required: true, message: words.headerRule }]}>
                  <Input autoComplete="off" maxLength={128} placeholder="Authorization" />
                </Form.Item>
                <Form.Item name={[name, 'value']} label={words.headerValue} rules={[{ required: true, message: words.headerRule }]}>
                  <Input.Password autoComplete="off" />
                </Form.Item>
                <Button type="text" aria-label={words.removeHeader} icon={<MinusCircleOutlined />} onClick={() => remove(name)} />
              </div>
            ))}
            <Form.Item>
              <Button icon={<PlusOutlined />} disabled={rows.length >= 16} onClick={() => add()}>
                {words.addHeader}
              </Button>
            </Form.Item>
          </>
        )}
      </Form.List>
      <Form.Item name="signatureSecret" label={words.signature} extra={words.signatureHint} rules={[{ min: 16, message: words.signatureRule }]}>
        <Input.Password autoComplete="new-password" />
      </Form.Item>
    </>
  );
}

/** The mail server, the account, the sender and the recipients. */
export function EmailFieldset({ form, isNew }: { form: FormInstance<ChannelFields>; isNew: boolean }) {
  const words = useChannelWords();
  const tls = Form.useWatch(['email', 'tls'], { form, preserve: true }) ?? 'STARTTLS';
  const user = Form.useWatch(['email', 'user'], { form, preserve: true }) ?? '';
  const usualPort = () => form.setFieldValue(['email', 'port'], USUAL_PORTS[form.getFieldValue(['email', 'tls']) as typeof tls]);
  return (
    <>
      <Form.Item name={['email', 'host']} label={words.mailHost} rules={[{ required: true, pattern: /^\s*[^\s/@]+\s*$/, message: words.mailHostRule }]}>
        <Input autoComplete="off" maxLength={253} placeholder="smtp.example.com" />
      </Form.Item>
      <Form.Item name={['email', 'tls']} label={words.encryption} extra={tls === 'NONE' ? words.noEncryption : undefined}>
        <Radio.Group options={ENCRYPTIONS.map((value) => ({ value, label: words.encryptions[value] }))} onChange={usualPort} />
      </Form.Item>
      <Form.Item name={['email', 'port']} label={words.port} rules={[{ required: true, type: 'integer', min: 1, max: 65_535, message: words.portRule }]}>
        <InputNumber min={1} max={65_535} />
      </Form.Item>
      {tls === 'NONE' ? null : (
        <>
          <Form.Item name={['email', 'user']} label={words.user} extra={words.userHint}>
            <Input autoComplete="off" />
          </Form.Item>
          {user ? (
            <Form.Item
              name={['email', 'password']}
              label={words.password}
              extra={isNew ? undefined : words.passwordHint}
              rules={[{ required: isNew, message: words.headerRule }]}
            >
              <Input.Password autoComplete="new-password" />
            </Form.Item>
          ) : null}
        </>
      )}
      <Form.Item name={['email', 'from']} label={words.from} rules={[{ required: true, pattern: ADDRESS, message: words.addressRule }]}>
        <Input autoComplete="off" maxLength={254} placeholder="lifeboat@example.com" />
      </Form.Item>
      <Form.Item
        name={['email', 'to']}
        label={words.to}
        rules={[{ validator: (_, to: string[]) => (areAddresses(to) ? Promise.resolve() : Promise.reject(new Error(words.toRule))) }]}
      >
        <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[',', ';', ' ']} placeholder="dba@example.com" />
      </Form.Item>
    </>
  );
}
