import { RightOutlined } from '@oceanbase/icons';

import { useLanguage } from '../locales';
import type { Language } from '../locales/language';

/** The labels, which are loaded with the tables that need them, and not before the log-on like other labels. */
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

/** The button that expands a row of a table. The keyboard cannot reach the design system's own icon. */
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

/** The column with the expand buttons, and its title. */
export const expandColumn = { expandIcon, columnTitle: <ColumnName /> };

function ColumnName() {
  return <span className="unseen">{WORDS[useLanguage()].details}</span>;
}
