import { Button } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import { Loaded } from '../../parts/PageState';
import { saveText } from '../../parts/saveText';
import { useRestoreStatementsWords } from './restoreStatementsWords';

/** The statements that restore a physical backup set without Lifeboat, on demand. */
export function RestoreStatements({ set }: { set: number }) {
  const words = useRestoreStatementsWords();
  const [isShown, setShown] = useState(false);
  const found = useQuery({
    queryKey: keys.restoreStatements(set),
    enabled: isShown,
    queryFn: () => answer(client.GET('/api/v2/backup/sets/{id}/restoreStatements', { params: { path: { id: set } } })),
  });
  if (!isShown) {
    return (
      <Button size="small" onClick={() => setShown(true)}>
        {words.show}
      </Button>
    );
  }
  return (
    <section className="plan" aria-label={words.title}>
      <Loaded query={found}>{({ statements }) => <Statements set={set} text={statements.map(ended).join('\n')} />}</Loaded>
    </section>
  );
}

function Statements({ set, text }: { set: number; text: string }) {
  const words = useRestoreStatementsWords();
  return (
    <>
      <div className="section-head">
        <h3>{words.title}</h3>
        <Button size="small" onClick={() => saveText(`restore-${set}.sql`, `${text}\n`)}>
          {words.save}
        </Button>
      </div>
      <p className="quiet hint">{words.hint}</p>
      <pre tabIndex={0}>{text}</pre>
    </>
  );
}

/** Returns the statement with a final semicolon, so that the downloaded file can be run. */
function ended(statement: string): string {
  return statement.endsWith(';') ? statement : `${statement};`;
}
