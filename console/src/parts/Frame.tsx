import {
  BackupRecoveryOutlined,
  CompressOutlined,
  DatabaseOutlined,
  LeftOutlined,
  MenuOutlined,
  MoonOutlined,
  ObClusterOutlined,
  OverviewOutlined,
  SunOutlined,
  SystemManagementOutlined,
  TaskCenterOutlined,
  UserOutlined,
} from '@oceanbase/icons';
import { Button } from '@oceanbase/design';
import { useIsFetching, useQueryClient } from '@tanstack/react-query';
import { Suspense, useEffect, useState, type ReactNode } from 'react';
import { Link, NavLink, Outlet, useMatch } from 'react-router';

import { useLiveEvents } from '../api/events';
import { loadAhead } from '../pageFiles';
import { useMe } from '../pages/logon/me';
import { useLabels, useLanguage } from '../locales';
import { changeLanguage } from '../locales/language';
import { changeAppearance, useAppearance } from './appearance';
import { later } from './later';
import { RunningTasks } from './RunningTasks';

const AccountMenu = later(async () => (await import('./AccountMenu')).AccountMenu, <AccountButton />);
const ClusterSelector = later(async () => (await import('./ClusterSelector')).ClusterSelector);

/** The frame: header, navigation, and the page. */
export function Frame() {
  const { frame } = useLabels();
  const connected = useLiveEvents();
  const [open, setOpen] = useState(false);
  const cluster = useMatch('/clusters/:clusterId/*');

  return (
    <div className="frame">
      <a className="skip" href="#content">
        {frame.skip}
      </a>
      <LoadsAhead />
      <Header onMenu={() => setOpen((was) => !was)} />
      <div className="frame-body">
        <nav className={open ? 'sider sider-open' : 'sider'} aria-label={frame.navigation}>
          {cluster ? <ClusterNavigation id={Number(cluster.params.clusterId)} /> : <MainNavigation />}
        </nav>
        {open ? <div className="sider-veil" onClick={() => setOpen(false)} aria-hidden="true" /> : null}
        <main id="content" className="content" tabIndex={-1}>
          {connected ? null : (
            <div className="banner" role="status">
              {frame.disconnected}
            </div>
          )}
          <Suspense>
            <Outlet />
          </Suspense>
        </main>
      </div>
    </div>
  );
}

/** Loads the other pages as soon as this one has its data. */
function LoadsAhead() {
  const isBusy = useIsFetching() > 0;
  const queries = useQueryClient();
  useEffect(() => {
    // The page sends its requests only after this was rendered.
    const timer = window.setTimeout(() => {
      if (queries.isFetching() === 0) loadAhead();
    });
    return () => window.clearTimeout(timer);
  }, [isBusy, queries]);
  return null;
}

function Header({ onMenu }: { onMenu: () => void }) {
  const { frame, product } = useLabels();
  const language = useLanguage();
  const appearance = useAppearance();
  const isDark = appearance === 'dark';
  return (
    <header className="head">
      <Button className="head-menu" type="text" icon={<MenuOutlined />} aria-label={frame.menu} onClick={onMenu} />
      <Link to="/clusters" className="head-brand" aria-label={product}>
        <img src="/lifeboat.svg" alt="" width={24} height={24} />
        <span>{product}</span>
      </Link>
      <div className="head-tools">
        <RunningTasks />
        <Button
          type="text"
          icon={isDark ? <SunOutlined /> : <MoonOutlined />}
          aria-label={isDark ? frame.light : frame.dark}
          onClick={() => changeAppearance(isDark ? 'light' : 'dark')}
        />
        <Button
          type="text"
          title={frame.languageHint}
          lang={language === 'en' ? 'zh' : 'en'}
          onClick={() => void changeLanguage(language === 'en' ? 'zh' : 'en')}
        >
          {frame.language}
        </Button>
        <AccountMenu />
      </div>
    </header>
  );
}

/** The account's name, until the menu below it is loaded. */
function AccountButton() {
  const name = useMe().data?.name;
  return (
    <Button type="text" icon={<UserOutlined />} aria-disabled="true">
      {name}
    </Button>
  );
}

function MainNavigation() {
  const { nav } = useLabels();
  return (
    <ul>
      <Entry to="/clusters" icon={<ObClusterOutlined />} text={nav.clusters} />
      <Entry to="/backup" icon={<BackupRecoveryOutlined />} text={nav.backup} />
      <Entry to="/tasks" icon={<TaskCenterOutlined />} text={nav.tasks} />
      <Entry to="/storages" icon={<DatabaseOutlined />} text={nav.storages} />
      <Entry to="/system" icon={<SystemManagementOutlined />} text={nav.system} />
    </ul>
  );
}

function ClusterNavigation({ id }: { id: number }) {
  const { nav, frame } = useLabels();
  return (
    <>
      <Link to="/clusters" className="sider-back">
        <LeftOutlined aria-hidden="true" /> {frame.backToClusters}
      </Link>
      <ClusterSelector id={id} />
      <ul>
        <Entry to={`/clusters/${id}`} end icon={<OverviewOutlined />} text={nav.overview} />
        <Entry to={`/clusters/${id}/backup`} icon={<BackupRecoveryOutlined />} text={nav.backup} />
        <Entry to={`/clusters/${id}/compaction`} icon={<CompressOutlined />} text={nav.compaction} />
      </ul>
    </>
  );
}

function Entry({ to, icon, text, end }: { to: string; icon: ReactNode; text: string; end?: boolean }) {
  return (
    <li>
      <NavLink to={to} end={end ?? false} className="sider-entry">
        <span aria-hidden="true">{icon}</span>
        <span>{text}</span>
      </NavLink>
    </li>
  );
}
