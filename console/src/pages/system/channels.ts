import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Channel, ChannelChange, NewChannel } from '../../api/types';

export const LEVELS = [1, 2] as const;

export const LANGUAGES: Channel['language'][] = ['en-US', 'zh-CN'];

export const KINDS: Channel['kind'][] = ['WEBHOOK', 'EMAIL'];

export const ENCRYPTIONS = ['STARTTLS', 'IMPLICIT', 'NONE'] as const;

type Encryption = (typeof ENCRYPTIONS)[number];

/** The port that mail servers usually have with each encryption. */
export const USUAL_PORTS: Record<Encryption, number> = { STARTTLS: 587, IMPLICIT: 465, NONE: 25 };

/** The fields of an e-mail channel in a form. */
export interface EmailFields {
  host: string;
  port: number;
  tls: Encryption;
  user?: string;
  password?: string;
  from: string;
  to: string[];
}

/** The fields of a channel in a form. */
export interface ChannelFields {
  name: string;
  kind: Channel['kind'];
  levels: number[];
  clusterIds: number[];
  recovered: boolean;
  language: Channel['language'];
  /** Whether the secrets of an existing webhook are replaced. */
  replaces: boolean;
  url?: string;
  headers?: { name: string; value: string }[];
  signatureSecret?: string;
  email: EmailFields;
}

const NO_EMAIL: EmailFields = { host: '', port: USUAL_PORTS.STARTTLS, tls: 'STARTTLS', from: '', to: [] };

/** Returns the fields of a channel, or of a new one in this language; its secrets are never known. */
export function fieldsOf(channel: Channel | undefined, language: Channel['language']): ChannelFields {
  if (!channel) {
    return { name: '', kind: 'WEBHOOK', levels: [], clusterIds: [], recovered: true, language, replaces: true, email: NO_EMAIL };
  }
  const { name, kind, levels, clusterIds, recovered, email } = channel;
  const known = email ? { ...email, user: email.user ?? '' } : NO_EMAIL;
  return { name, kind, levels, clusterIds, recovered, language: channel.language, replaces: false, email: known };
}

/** Returns the request for a new channel. */
export function newChannel(fields: ChannelFields): NewChannel {
  const { name, kind, levels, clusterIds, recovered, language, url = '', headers = [], signatureSecret } = fields;
  const rule = { name: name.trim(), kind, levels, clusterIds, recovered, language };
  if (kind === 'EMAIL') {
    const { user, password, ...email } = emailOf(fields.email);
    return { ...rule, email: user ? { ...email, user, password: password ?? '' } : email };
  }
  const secret = signatureSecret ? { signatureSecret } : {};
  return { ...rule, url: url.trim(), headers, ...secret };
}

/** Returns the request for the change of a channel: of a webhook, either all of its secrets or none. */
export function channelChange(fields: ChannelFields): ChannelChange {
  const { name, kind, levels, clusterIds, recovered, language, replaces, url = '', headers = [], signatureSecret = '' } = fields;
  const rule = { name: name.trim(), levels, clusterIds, recovered, language };
  if (kind === 'EMAIL') return { ...rule, email: emailOf(fields.email) };
  return replaces ? { ...rule, url: url.trim(), headers, signatureSecret } : rule;
}

/** Without encryption nobody logs on, and an empty password is none. */
function emailOf({ host, port, tls, user = '', password, from, to }: EmailFields) {
  const account = tls === 'NONE' ? '' : user.trim();
  const secret = account && password ? { password } : {};
  return { host: host.trim(), port, tls, user: account, from: from.trim(), to: to.map((address) => address.trim()), ...secret };
}

/** Requests a page of the channels. */
export function channelsQuery(page: number, size: number) {
  return {
    queryKey: [...keys.channels, page, size],
    queryFn: () => answer(client.GET('/api/v2/alarm/channels', { params: { query: { page, size } } })),
  };
}

/** Requests a page of the notices of a channel. */
export function deliveriesQuery(id: number, page: number, size: number) {
  return {
    queryKey: [...keys.channels, id, 'outbox', page, size],
    queryFn: () => answer(client.GET('/api/v2/alarm/channels/{id}/outbox', { params: { path: { id }, query: { page, size } } })),
  };
}
