import { DeleteOutlined, PlusOutlined } from '@oceanbase/icons';
import { Button, Input } from '@oceanbase/design';

import { useLabels } from '../../locales';

/** The new name of a database. */
export interface Rename {
  from: string;
  to: string;
}

/** Returns whether a line has only one of the two names. */
export function isHalf({ from, to }: Rename): boolean {
  return Boolean(from.trim()) !== Boolean(to.trim());
}

/** New names of databases, a line each. */
export function Renames({ renames, onChange }: { renames: Rename[]; onChange: (renames: Rename[]) => void }) {
  const { recovery } = useLabels();
  const change = (at: number, part: Partial<Rename>) =>
    onChange(renames.map((rename, index) => (index === at ? { ...rename, ...part } : rename)));
  return (
    <div className="renames">
      {renames.map((rename, index) => (
        <div key={index} className="rename">
          <Input
            aria-label={recovery.oldName}
            placeholder={recovery.oldName}
            status={isHalf(rename) && !rename.from.trim() ? 'error' : ''}
            value={rename.from}
            onChange={(event) => change(index, { from: event.target.value })}
          />
          <span aria-hidden="true">→</span>
          <Input
            aria-label={recovery.newName}
            placeholder={recovery.newName}
            status={isHalf(rename) && !rename.to.trim() ? 'error' : ''}
            value={rename.to}
            onChange={(event) => change(index, { to: event.target.value })}
          />
          <Button
            type="text"
            icon={<DeleteOutlined />}
            aria-label={recovery.removeRename}
            onClick={() => onChange(renames.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      <Button type="dashed" icon={<PlusOutlined />} onClick={() => onChange([...renames, { from: '', to: '' }])}>
        {recovery.addRename}
      </Button>
    </div>
  );
}
