import { Button, Checkbox, Drawer, Form, Input, Radio, Select } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Channel } from '../../api/types';
import { useLabels, useLanguage } from '../../locales';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { useReport } from '../../parts/report';
import { useAllClusters } from '../../parts/useAllClusters';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { EmailFieldset, WebhookFieldset } from './ChannelKindFields';
import { channelChange, fieldsOf, KINDS, LANGUAGES, LEVELS, newChannel, type ChannelFields } from './channels';
import { useChannelWords } from './channelWords';

/** Creates a channel, or changes one. Its secrets are only replaced, never shown. */
export function ChannelDrawer({ channel, onClose }: { channel: Channel | undefined; onClose: () => void }) {
  useReturnFocus();
  const words = useChannelWords();
  const { access, actions } = useLabels();
  const language = useLanguage();
  const report = useReport();
  const queries = useQueryClient();
  const [form] = Form.useForm<ChannelFields>();
  const replaces = Form.useWatch('replaces', { form, preserve: true }) ?? !channel;
  const kind = Form.useWatch('kind', { form, preserve: true }) ?? channel?.kind ?? 'WEBHOOK';
  const save = useMutation({
    mutationFn: (fields: ChannelFields) =>
      channel
        ? answer(client.PATCH('/api/v2/alarm/channels/{id}', { params: { path: { id: channel.id } }, body: channelChange(fields) }))
        : answer(client.POST('/api/v2/alarm/channels', { body: newChannel(fields) })),
    onSuccess: () => {
      report.done(words.saved);
      void queries.invalidateQueries({ queryKey: keys.channels });
      onClose();
    },
  });
  const initial = fieldsOf(channel, language === 'zh' ? 'zh-CN' : 'en-US');
  return (
    <Drawer
      open
      width={560}
      title={channel ? words.editTitle(channel.name) : words.create}
      onClose={onClose}
      footer={
        <div className="drawer-foot">
          <Button onClick={onClose}>{actions.cancel}</Button>
          <Button type="primary" loading={save.isPending} onClick={() => form.submit()}>
            {actions.save}
          </Button>
        </div>
      }
    >
      <Form<ChannelFields>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={initial}
        onFinish={(fields) => save.mutate({ ...initial, ...fields, email: { ...initial.email, ...fields.email } })}
      >
        <Form.Item
          name="name"
          label={words.name}
          extra={access.nameRule}
          rules={[{ required: true, max: 64, message: access.nameRule }]}
        >
          <Input autoFocus autoComplete="off" maxLength={64} />
        </Form.Item>
        {channel ? null : (
          <Form.Item name="kind" label={words.kind}>
            <Radio.Group options={KINDS.map((value) => ({ value, label: words.kinds[value] }))} />
          </Form.Item>
        )}
        {channel && kind === 'WEBHOOK' ? (
          <Form.Item name="replaces" valuePropName="checked" extra={words.replaceHint}>
            <Checkbox>{words.replace}</Checkbox>
          </Form.Item>
        ) : null}
        {kind === 'WEBHOOK' && replaces ? <WebhookFieldset /> : null}
        {kind === 'EMAIL' ? <EmailFieldset form={form} isNew={!channel} /> : null}
        <RuleFields />
        <Form.Item name="language" label={words.language}>
          <Radio.Group options={LANGUAGES.map((value) => ({ value, label: words.languages[value] }))} />
        </Form.Item>
      </Form>
      <ProblemAlert error={save.error} />
    </Drawer>
  );
}

/** Which alarms the channel hears of. */
function RuleFields() {
  const words = useChannelWords();
  const { words: common } = useLabels();
  const clusters = useAllClusters();
  const known = (clusters.data?.contents ?? []).map(({ id, name }) => ({ value: id, label: name }));
  return (
    <>
      <Form.Item name="levels" label={words.levels}>
        <Select mode="multiple" placeholder={words.allLevels} options={LEVELS.map((value) => ({ value, label: common.alarmLevel[value] }))} />
      </Form.Item>
      <Form.Item name="clusterIds" label={words.clusters}>
        <Select mode="multiple" placeholder={words.allClusters} optionFilterProp="label" options={known} />
      </Form.Item>
      <Form.Item name="recovered" valuePropName="checked">
        <Checkbox>{words.recovered}</Checkbox>
      </Form.Item>
    </>
  );
}
