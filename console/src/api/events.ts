import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { keys } from './keys';
import type { EventView } from './types';

/** How long events are collected before the changed data are read again. */
const GATHER_MS = 250;

/** How long to wait before connecting again after the browser has given up. */
const RETRY_MS = 2000;

/** How long a broken connection is not reported: a restart of the server takes no longer. */
const PATIENCE_MS = 1500;

interface Gathered {
  tasks: Set<number>;
  clusters: Set<number>;
  hasAlarm: boolean;
}

/**
 * Keeps the shown data up to date with the server's events, over one connection for the whole console. Events contain
 * no values: they only say what to read again. Many events need no more memory than one. Returns whether the
 * connection is open.
 */
export function useLiveEvents(): boolean {
  const queries = useQueryClient();
  const [connected, setConnected] = useState(true);

  useEffect(() => {
    let source: EventSource | undefined;
    let gathering: number | undefined;
    let retrying: number | undefined;
    let complaining: number | undefined;
    let lost = false;
    const gathered: Gathered = { tasks: new Set(), clusters: new Set(), hasAlarm: false };

    const read = () => {
      gathering = undefined;
      for (const id of gathered.tasks) void queries.invalidateQueries({ queryKey: keys.task(id) });
      for (const id of gathered.clusters) void queries.invalidateQueries({ queryKey: keys.backups(id) });
      if (gathered.tasks.size > 0) void queries.invalidateQueries({ queryKey: keys.tasks() });
      if (gathered.clusters.size > 0) void queries.invalidateQueries({ queryKey: keys.allBackups });
      if (gathered.hasAlarm) void queries.invalidateQueries({ queryKey: keys.alarms });
      gathered.hasAlarm = false;
      gathered.tasks.clear();
      gathered.clusters.clear();
    };
    const onEvent = (event: MessageEvent<string>) => {
      const about = JSON.parse(event.data) as EventView;
      gathered.tasks.add(about.taskId);
      if (about.clusterId !== undefined && about.clusterId !== null) gathered.clusters.add(about.clusterId);
      gathering ??= window.setTimeout(read, GATHER_MS);
    };
    const onAlarm = () => {
      gathered.hasAlarm = true;
      gathering ??= window.setTimeout(read, GATHER_MS);
    };
    const onOpen = () => {
      window.clearTimeout(complaining);
      complaining = undefined;
      setConnected(true);
      if (lost) void queries.invalidateQueries();
      lost = false;
    };
    const onError = () => {
      lost = true;
      complaining ??= window.setTimeout(() => setConnected(false), PATIENCE_MS);
      if (source?.readyState === EventSource.CLOSED) {
        window.clearTimeout(retrying);
        retrying = window.setTimeout(open, RETRY_MS);
        // The server answered without events: perhaps the session has ended.
        void queries.invalidateQueries({ queryKey: keys.me });
      }
    };
    function open() {
      source?.close();
      source = new EventSource('/api/v2/events');
      source.onopen = onOpen;
      source.onerror = onError;
      for (const type of ['task', 'step', 'lane']) source.addEventListener(type, onEvent);
      source.addEventListener('alarm', onAlarm);
    }
    open();
    return () => {
      source?.close();
      for (const timer of [gathering, retrying, complaining]) window.clearTimeout(timer);
    };
  }, [queries]);

  return connected;
}
