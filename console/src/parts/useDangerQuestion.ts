import { App } from '@oceanbase/design';

import { useLabels } from '../locales';

/** Returns a function that asks before something destructive is done. `onOk` reports its failure itself. */
export function useDangerQuestion() {
  const { actions } = useLabels();
  const { modal } = App.useApp();
  return (title: string, content: string, okText: string, onOk: () => Promise<unknown>) =>
    void modal.confirm({
      title,
      content,
      okText,
      okButtonProps: { danger: true },
      cancelText: actions.cancel,
      onOk: () => onOk().catch(() => undefined),
    });
}
