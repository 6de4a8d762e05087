// Signed URLs of the vendors’ clients.
import { changed, expect, neighbour } from '../harness/kit.mjs';

export function* urls(kit, name, made) {
  /// Uses the URL that `change` makes of a signed one.
  const use = async (method, seconds, how = {}) => {
    const { url: change = (url) => url, key: other, sent = {}, wait = 0 } = how;
    const answer = await kit.vend();
    const client = new made(answer, kit);
    const key = other?.(answer.relativePath) ?? answer.relativePath;
    const bytes = kit.bytes();
    if (method === 'GET') await client.put(answer.relativePath, bytes);
    const signed = await client.url(key, method, seconds);
    const { host, pathname, search } = new URL(changed(signed, change(signed), Boolean(how.url)));
    await new Promise((later) => setTimeout(later, wait));
    const run = () => kit.send({ method, path: pathname + search, headers: { Host: host }, body: bytes, ...sent });
    return { run, key: answer.relativePath, bytes, keys: [answer.relativePath, neighbour(answer.relativePath)] };
  };
  const refused =
    (...how) =>
    async () => {
      const { run, keys } = await use(...how);
      await kit.refused(run, { keys });
    };
  const table = {
    put: async () => {
      const { run, key, bytes } = await use('PUT', 600);
      const reply = await run();
      expect(reply.status === 200, `${reply.status} ${reply.body}`);
      await kit.stored(key, bytes);
    },
    'refused: made for the neighbour': refused('PUT', 600, { key: neighbour }),
    'refused: turned to the neighbour': refused('PUT', 600, {
      url: (url) => url.replace(/[^/]+\.bin\?/, 'neighbour.bin?'),
    }),
    'refused: read': refused('GET', 600),
    'refused: used to delete': refused('PUT', 600, { sent: { method: 'DELETE' } }),
    'refused: after its end': refused('PUT', 1, { wait: 3200 }),
    'refused: its end moved': refused('PUT', 600, {
      url: (url) =>
        url.replace(
          /((?:expires|expire-time|-time)=(?:\d+(?:;|%3B))?)(\d+)/gi,
          (_, begin, end) => begin + (Number(end) + 60),
        ),
    }),
    'refused: without its signature': refused('PUT', 600, {
      url: (url) => url.replace(/[?&][^=]*signature=[^&]*/gi, ''),
    }),
    'refused: another signature': refused('PUT', 600, {
      url: (url) => url.replace(/(signature=[^&]{4,}?)(\w)/gi, (_, begin, one) => begin + (one === '0' ? '1' : '0')),
    }),
    'refused: another token': refused('PUT', 600, {
      url: (url) => url.replace(/(security-token=.{20,}?)(\w)/i, (_, begin, one) => begin + (one === '0' ? '1' : '0')),
    }),
  };
  for (const [what, run] of Object.entries(table)) yield [`${name}, signed URL: ${what}`, run];
}
