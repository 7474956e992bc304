import { ConfigProvider, theme } from '@oceanbase/design';
import enUS from '@oceanbase/design/es/locale/en-US';
import zhCN from '@oceanbase/design/es/locale/zh-CN';
import { RouterProvider } from 'react-router';

import { useLanguage } from './locales';
import { useAppearance } from './parts/appearance';
import { router } from './routes';

/** Whether the reader's system requests reduced motion. */
const isStill = window.matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Colours that replace those of the design system with a contrast below 4.5 to 1. */
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
 * The design system shows selected tabs in the colour of its buttons, which is too dark on a dark background, and
 * defines tables only for light mode. These are the same settings, on the background of a sheet.
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

/** The console after the log-on: the design system in the reader's language and appearance, and the pages. */
export default function Console() {
  const language = useLanguage();
  const appearance = useAppearance();
  const isDark = appearance === 'dark';
  const look = {
    isDark,
    token: { motion: !isStill, ...CLEARER[appearance] },
    ...(isDark ? { algorithm: theme.darkAlgorithm, components: DARK_PARTS } : {}),
  };

  return (
    <ConfigProvider locale={language === 'zh' ? zhCN : enUS} theme={look}>
      <RouterProvider router={router} />
    </ConfigProvider>
  );
}
