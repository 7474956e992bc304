import { ConfigProvider, theme } from '@oceanbase/design';
import enUS from '@oceanbase/design/es/locale/en-US';
import zhCN from '@oceanbase/design/es/locale/zh-CN';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useEffect } from 'react';
import { RouterProvider } from 'react-router';

import { Problem } from './api/problem';
import { useLabels, useLanguage } from './locales';
import { useAppearance } from './parts/appearance';
import { router } from './routes';

/** Whether the reader's system asks for a page that stands still. */
const isStill = window.matchMedia('(prefers-reduced-motion: reduce)').matches;

/** What is too pale in the design to be read by everybody: 4.5 to 1 is the least. */
const CLEARER = {
  light: { colorTextDescription: '#5c6b8a', colorTextTertiary: '#5c6b8a', colorTextPlaceholder: '#66738f', colorError: '#cf1f2e' },
  dark: {
    colorTextBase: '#e6ecf7',
    colorBgBase: '#10151f',
    colorText: '#e6ecf7',
    colorTextSecondary: '#c3cee2',
    colorTextHeading: '#e6ecf7',
    colorTextLabel: '#c3cee2',
    colorBgContainer: '#1a2130',
    colorBgElevated: '#222b3d',
    colorBgLayout: '#10151f',
    colorBorder: '#3d4960',
    colorBorderSecondary: '#2d374a',
    colorFillAlter: '#202940',
    colorTextDescription: '#9dacc7',
    colorTextTertiary: '#9dacc7',
    colorTextPlaceholder: '#93a2bd',
    colorLink: '#6aa7ff',
    colorError: '#ff7b86',
  },
};

/**
 * The design writes chosen tabs in the colour of its buttons, which is too dark on a dark ground, and measures tables only
 * in light: these are its measures, on the colour of the sheet.
 */
const DARK_PARTS = {
  Tabs: { itemSelectedColor: '#6aa7ff', itemHoverColor: '#8bbaff', inkBarColor: '#6aa7ff' },
  Table: {
    colorBgContainer: '#1a2130',
    headerBg: '#1a2130',
    headerSplitColor: 'transparent',
    rowHoverBg: '#202940',
    rowExpandedBg: '#202940',
    cellPaddingBlockSM: 4,
    cellPaddingInlineSM: 6,
  },
};

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5000,
      // What the server has refused it refuses again; only silence is worth another try.
      retry: (failures, error) => failures < 2 && error instanceof Problem && error.status === 0,
    },
  },
});

/** The whole console: language, appearance, answers kept, and the pages. */
export function Console() {
  const language = useLanguage();
  const appearance = useAppearance();
  const { product, tagline } = useLabels();
  const isDark = appearance === 'dark';
  const look = {
    isDark,
    token: { motion: !isStill, ...CLEARER[appearance] },
    ...(isDark ? { algorithm: theme.darkAlgorithm, components: DARK_PARTS } : {}),
  };

  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
    document.documentElement.dataset.appearance = appearance;
    document.title = `${product} · ${tagline}`;
    // Server texts come in the reader's language.
    void queries.invalidateQueries();
  }, [language, appearance, product, tagline]);

  return (
    <ConfigProvider locale={language === 'zh' ? zhCN : enUS} theme={look}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </ConfigProvider>
  );
}
