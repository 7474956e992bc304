import { Link } from 'react-router';

import { useLabels } from '../../locales';
import { PageHead, Section } from '../../parts/PageHead';
import { ProtectionTable } from './ProtectionTable';
import { useProtectionWords } from './words';

/** Every tenant of every cluster, and its protection. */
export default function ProtectionPage() {
  const words = useProtectionWords();
  const { nav } = useLabels();
  return (
    <>
      <PageHead title={words.title} beside={<Link to="/backup">{nav.backup}</Link>} />
      <Section>
        <ProtectionTable />
      </Section>
    </>
  );
}
