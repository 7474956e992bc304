import { Table } from '@oceanbase/design';
import type { TableProps } from '@oceanbase/design';
import type { UseQueryResult } from '@tanstack/react-query';

import type { List } from '../../api/types';
import { useLabels } from '../../locales';
import { expandColumn } from '../../parts/expandIcon';
import { Loaded, Nothing } from '../../parts/PageState';

/** With fewer rows than this, the table has no paging. */
const SMALLEST_PAGE = 10;

interface PagedTableProps<T> {
  query: UseQueryResult<List<T>>;
  rowKey: (row: T) => string;
  columns: TableProps<T>['columns'];
  empty: string;
  expandable?: TableProps<T>['expandable'];
  rowSelection?: TableProps<T>['rowSelection'];
  onPage: (page: number, size: number) => void;
}

/** A table of a paged list. */
export function PagedTable<T extends object>({ query, rowKey, columns, empty, expandable, rowSelection, onPage }: PagedTableProps<T>) {
  const { state } = useLabels();
  return (
    <Loaded query={query}>
      {({ contents, page }) => (
        <Table<T>
          size="small"
          rowKey={rowKey}
          columns={columns ?? []}
          dataSource={contents}
          {...(expandable ? { expandable: { ...expandColumn, ...expandable } } : {})}
          {...(rowSelection ? { rowSelection } : {})}
          locale={{ emptyText: <Nothing text={empty} /> }}
          scroll={{ x: 'max-content' }}
          loading={query.isPlaceholderData}
          pagination={
            page.totalElements > SMALLEST_PAGE && {
              current: page.number,
              pageSize: page.size,
              total: page.totalElements,
              showSizeChanger: true,
              showTotal: state.total,
              onChange: onPage,
            }
          }
        />
      )}
    </Loaded>
  );
}
