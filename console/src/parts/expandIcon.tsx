import { RightOutlined } from '@oceanbase/icons';

import { useLanguage } from '../locales';
import type { Language } from '../locales/language';

/** Loaded with the tables that need them, and not before the log-on as other labels. */
const WORDS: Record<Language, { expand: string; collapse: string; details: string }> = {
  en: { expand: 'Expand row', collapse: 'Collapse row', details: 'Details' },
  zh: { expand: '展开行', collapse: '收起行', details: '详情' },
};

interface ExpandIconProps<T> {
  record: T;
  expanded: boolean;
  expandable: boolean;
  onExpand: (record: T, event: React.MouseEvent<HTMLElement>) => void;
}

/** What opens a row of a table, in a tree of rows. The design has a sign for that which no keyboard reaches. */
export function expandIcon<T>(props: ExpandIconProps<T>) {
  return <ExpandButton {...props} />;
}

function ExpandButton<T>({ record, expanded, expandable, onExpand }: ExpandIconProps<T>) {
  const words = WORDS[useLanguage()];
  if (!expandable) return <span className="expand-button" />;
  return (
    <button
      type="button"
      className="expand-button"
      aria-label={expanded ? words.collapse : words.expand}
      aria-expanded={expanded}
      onClick={(event) => onExpand(record, event)}
    >
      <RightOutlined aria-hidden="true" rotate={expanded ? 90 : 0} />
    </button>
  );
}

/** The column of what opens rows of a table, and its name. */
export const expandColumn = { expandIcon, columnTitle: <ColumnName /> };

function ColumnName() {
  return <span className="unseen">{WORDS[useLanguage()].details}</span>;
}
