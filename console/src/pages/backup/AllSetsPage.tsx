import { Link, useNavigate, useSearchParams } from 'react-router';

import type { BackupSet } from '../../api/types';
import { useLabels } from '../../locales';
import { later } from '../../parts/later';
import { PageHead, Section } from '../../parts/PageHead';
import { useAllSetsWords } from './allSetsWords';
import { BackupSets } from './BackupSets';
import { useIsRemoved } from './useIsRemoved';

const InitiateRecoveryDrawer = later(async () => (await import('../recovery/InitiateRecoveryDrawer')).InitiateRecoveryDrawer);

/** The query parameter that opens the recovery form. */
const RECOVER = 'recover';

/** The backup sets of all clusters, including removed ones. */
export default function AllSetsPage() {
  const words = useAllSetsWords();
  const { nav } = useLabels();
  const navigate = useNavigate();
  const isRemoved = useIsRemoved();
  const [search, setSearch] = useSearchParams();
  const recoverable = Number(search.get(RECOVER)) || undefined;
  const show = (set: string | undefined) => {
    const wish = new URLSearchParams(search);
    if (set) wish.set(RECOVER, set);
    else wish.delete(RECOVER);
    setSearch(wish);
  };
  const recover = (set: BackupSet) => {
    const id = String(set.backupSetId);
    if (isRemoved(set)) show(id);
    else void navigate(`/clusters/${set.clusterId}/backup?${RECOVER}=${id}`);
  };
  return (
    <>
      <PageHead title={words.title} beside={<Link to="/backup">{nav.backup}</Link>} />
      <Section>
        <p className="quiet hint">{words.hint}</p>
        <BackupSets onRecover={recover} />
      </Section>
      {recoverable === undefined ? null : <InitiateRecoveryDrawer chosen={recoverable} onClose={() => show(undefined)} />}
    </>
  );
}
