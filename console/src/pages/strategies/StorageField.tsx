import { Alert, Form, Input } from '@oceanbase/design';

import type { Cluster, Strategy } from '../../api/types';
import { useLabels } from '../../locales';
import { StorageChooser, type StorageTest } from '../backup/StorageChooser';
import { Untested } from '../backup/Untested';
import type { StrategyDraft } from './draft';
import { Amount } from './fields';
import type { Refused } from './refused';

interface StorageFieldProps {
  cluster: Cluster;
  draft: StrategyDraft;
  /** The strategy as it is saved, where it is changed. */
  saved: Strategy | undefined;
  test: StorageTest | undefined;
  /** Given while the storage must be tested, or somebody says to go on without. */
  untested: { checked: boolean; onChange: (checked: boolean) => void } | undefined;
  refused: Refused;
  onChange: (part: Partial<StrategyDraft>) => void;
  onTested: (test: StorageTest) => void;
}

/** Where the strategy backs up to, its test, and from how full on an alarm is raised. */
export function StorageField({ cluster, draft, saved, test, untested, refused, onChange, onTested }: StorageFieldProps) {
  const { strategy } = useLabels();
  const { storage } = draft;
  const fault = refused('storage');
  const isMoved = saved && (storage.kind === 'typed' || storage.savedId !== saved.obBackupServiceStorageConfig.storageId);
  return (
    <>
      <StorageChooser
        clusterId={cluster.id}
        wish={storage}
        test={test}
        onChange={(wish) => onChange({ storage: wish })}
        onTested={onTested}
      />
      {fault.help ? <Form.Item {...fault} /> : null}
      {untested ? <Untested text={strategy.mustTest} {...untested} /> : null}
      {isMoved ? (
        <Alert
          className="problem"
          type="warning"
          showIcon
          message={strategy.storageMoved}
          description={draft.method === 'PHYSICAL_BACKUP' ? `${strategy.storageMovedText} ${strategy.storageMovedLogs}` : strategy.storageMovedText}
        />
      ) : null}
      <div className="option-row">
        {storage.kind === 'typed' ? (
          <Form.Item
            label={strategy.storageName}
            htmlFor="strategy-storage-name"
            extra={strategy.storageNameHint(cluster.name)}
            {...refused('storageName')}
          >
            <Input
              id="strategy-storage-name"
              maxLength={64}
              autoComplete="off"
              value={draft.storageName}
              onChange={(event: React.ChangeEvent<HTMLInputElement>) => onChange({ storageName: event.target.value })}
            />
          </Form.Item>
        ) : null}
        <Amount
          id="strategy-storage-percent"
          label={strategy.inUnit(strategy.storageAlarm, strategy.unitPercent)}
          max={100}
          value={draft.storagePercent}
          onChange={(storagePercent) => onChange({ storagePercent })}
        />
      </div>
    </>
  );
}
