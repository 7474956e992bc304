import { answer, client } from '../../api/client';
import type { Me } from '../../api/types';
import { logOn } from './LogOnForm';

/** Changes the user's own password, and logs on with the new one: the change ends every session of the account. */
export async function changePassword(name: string, oldPassword: string, newPassword: string): Promise<Me> {
  await answer(client.POST('/api/v2/users/me/password', { body: { oldPassword, newPassword } }));
  return logOn({ name, password: newPassword });
}
