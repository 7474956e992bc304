// Lifeboat and the simulator, as processes that a walk starts, kills and restarts.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const PASSWORD = 'a password of my own';

/** Waits for a condition; the error after the time limit names the condition. */
export async function until(what, isSo, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await isSo();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A port below those that the system gives to connections: one of these may be taken before the server starts. */
async function freePort() {
  const port = 10_000 + Math.floor(Math.random() * 20_000);
  const isFree = await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  return isFree ? port : freePort();
}

/** Starts a separate Lifeboat; `kill` and `start` simulate a crash and a restart. */
export async function startLifeboat(binary) {
  const work = mkdtempSync(join(tmpdir(), 'lifeboat-walk-'));
  const backups = join(work, 'backups');
  const log = join(work, 'server.log');
  mkdirSync(backups);
  writeFileSync(join(work, 'password'), PASSWORD, { mode: 0o600 });
  const listen = `127.0.0.1:${await freePort()}`;
  const url = `http://${listen}`;
  let child;
  const start = async () => {
    const output = openSync(log, 'a');
    child = spawn(binary, ['serve', '--data-dir', join(work, 'data'), '--file-root', backups, '--listen', listen, '--egress-allow', 'loopback'], {
      stdio: ['ignore', output, output],
      env: { ...process.env, LIFEBOAT_ADMIN_PASSWORD_FILE: join(work, 'password') },
    });
    await until('lifeboat answers', async () => {
      if (child.exitCode !== null) throw new Error(`lifeboat has ended: ${readFileSync(log, 'utf8').slice(-2000)}`);
      return (await fetch(`${url}/healthz`).catch(() => undefined))?.ok;
    });
  };
  const kill = () =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once('exit', resolve);
      child.kill('SIGKILL');
    });
  await start();
  const api = async (method, path, body) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Basic ${btoa(`admin:${PASSWORD}`)}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answered = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answered.error)}`);
    return answered.data;
  };
  const close = async () => {
    await kill();
    // A simulator may still write into the folder.
    rmSync(work, { recursive: true, force: true, maxRetries: 5 });
  };
  return { url, api, start, kill, close, backups, metadata: join(work, 'data', 'lifeboat.db'), tail: () => readFileSync(log, 'utf8').slice(-2000) };
}

/** Starts the simulator with these clusters, all on the same clock, without the compaction of every night. */
export async function startSimulator(binary, clusters, options = []) {
  const work = mkdtempSync(join(tmpdir(), 'lifeboat-sim-'));
  const topology = join(work, 'clusters.json');
  writeFileSync(topology, JSON.stringify(clusters.map((cluster) => ({ major_freeze_duty_time: 'disable', ...cluster }))));
  const child = spawn(binary, ['--topology', topology, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise((resolve, reject) => {
    let read = '';
    child.stdout.on('data', (part) => {
      read += part;
      if (read.includes('\n')) resolve(read);
    });
    child.once('exit', (code) => reject(new Error(`the simulator ended with ${code}`)));
  });
  const ready = JSON.parse(line);
  const control = async (method, path, body) =>
    (
      await fetch(`http://127.0.0.1:${ready.control}${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
    ).text();
  const port = (name) => ready.clusters.find((cluster) => cluster.name === name).ports[0];
  const close = () => {
    child.kill();
    rmSync(work, { recursive: true, force: true });
  };
  return { port, control, close };
}
