import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Channel, ChannelChange, NewChannel } from '../../api/types';

export const LEVELS = [1, 2] as const;

export const LANGUAGES: Channel['language'][] = ['en-US', 'zh-CN'];

/** The fields of a channel in a form. */
export interface ChannelFields {
  name: string;
  levels: number[];
  clusterIds: number[];
  recovered: boolean;
  language: Channel['language'];
  /** Whether the secrets of an existing channel are replaced. */
  replaces: boolean;
  url?: string;
  headers?: { name: string; value: string }[];
  signatureSecret?: string;
}

/** Returns the fields of a channel, or of a new one in this language; its secrets are never known. */
export function fieldsOf(channel: Channel | undefined, language: Channel['language']): ChannelFields {
  if (!channel) return { name: '', levels: [], clusterIds: [], recovered: true, language, replaces: true };
  const { name, levels, clusterIds, recovered } = channel;
  return { name, levels, clusterIds, recovered, language: channel.language, replaces: false };
}

/** Returns the request for a new channel. */
export function newChannel({ name, levels, clusterIds, recovered, language, url = '', headers = [], signatureSecret }: ChannelFields): NewChannel {
  const secret = signatureSecret ? { signatureSecret } : {};
  return { name: name.trim(), levels, clusterIds, recovered, language, url: url.trim(), headers, ...secret };
}

/** Returns the request for the change of a channel: either all of its secrets, or none. */
export function channelChange({ name, levels, clusterIds, recovered, language, replaces, url = '', headers = [], signatureSecret = '' }: ChannelFields): ChannelChange {
  const secrets = replaces ? { url: url.trim(), headers, signatureSecret } : {};
  return { name: name.trim(), levels, clusterIds, recovered, language, ...secrets };
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
