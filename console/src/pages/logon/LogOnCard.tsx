import type { ReactNode } from 'react';

import { useLabels, useLanguage } from '../../locales';
import { changeLanguage } from '../../locales/language';
import { PlainButton } from '../../parts/PlainButton';

/** The card with the log-on, beside a description of the product. */
export function LogOnCard({ title, children }: { title: string; children: ReactNode }) {
  const { product, tagline, frame } = useLabels();
  const language = useLanguage();
  return (
    <div className="logon">
      <div className="logon-language">
        <PlainButton
          look="text"
          lang={language === 'en' ? 'zh' : 'en'}
          title={frame.languageHint}
          onClick={() => void changeLanguage(language === 'en' ? 'zh' : 'en')}
        >
          {frame.language}
        </PlainButton>
      </div>
      <main className="logon-card">
        <div className="logon-brand">
          <img src="/lifeboat.svg" alt="" width={40} height={40} />
          <div>
            <div className="logon-product">{product}</div>
            <div className="quiet">{tagline}</div>
          </div>
        </div>
        <h1>{title}</h1>
        {children}
      </main>
    </div>
  );
}
