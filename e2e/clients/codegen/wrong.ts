// Must not compile: an amount is a string.
import { execute, orderQuery } from './program.js';

export async function wrong(url: string): Promise<number | undefined> {
  const { data } = await execute(url, orderQuery, { id: '1' });
  return data?.order?.total?.amount;
}
