// A signed request of the vendor's client, caught and altered on its way.
import { altered, changed, expect, MiB, neighbour } from '../harness/kit.mjs';
import { caught } from '../harness/wire.mjs';

const withHeader = (request, name, change) => ({
  ...request,
  headers: { ...request.headers, [name]: change(request.headers[name]) },
});
const withoutHeader = (request, name) => ({
  ...request,
  headers: Object.fromEntries(Object.entries(request.headers).filter(([one]) => one !== name)),
});
const withBody = (request, body) => ({ ...request, body });
const withQuery = (request, query) => ({
  ...request,
  path: `${request.path}${request.path.includes('?') ? '&' : '?'}${query}`,
});
const path = (request, change) => {
  const [target, ...query] = request.path.split('?');
  return { ...request, path: [change(target), ...query].join('?') };
};

/// Alterations of a request. `signed` of the cloud says how its request differs: which header holds the date, the token.
const alterations = {
  unsigned: (request) => withoutHeader(request, 'authorization'),
  'another signature': (request, { signature }) => withHeader(request, 'authorization', signature),
  'the token changed': (request, { token }) => withHeader(request, token, altered),
  'the token left out': (request, { token }) => withoutHeader(request, token),
  'a replay with another date': (request, { date }) => date(request),
  'another host that names another bucket': (request, _, kit) => ({
    ...withHeader(request, 'host', () => `other-bucket.localhost:${kit.port}`),
    path: request.path.replace(`/${kit.bucket}/`, '/'),
  }),
  'another bucket in the path': (request, _, kit) => ({
    ...withHeader(request, 'host', () => `127.0.0.1:${kit.port}`),
    path: `/other-bucket${request.path.replace(`/${kit.bucket}/`, '/')}`,
  }),
  'another method': (request) => ({ ...request, method: 'DELETE', body: '' }),
  'the neighbour’s path': (request) => path(request, neighbour),
  '// in the path': (request) => path(request, (target) => target.replace(/\/([^/]*)$/, '//$1')),
  '/../ in the path': (request) => path(request, (target) => `${target}/../neighbour.bin`),
  '%2f..%2f in the path': (request) => path(request, (target) => `${target}%2f..%2fneighbour.bin`),
  '%2e%2e in the path': (request) => path(request, (target) => `${target}/%2e%2e/neighbour.bin`),
  'a query that turns it into an ACL': (request) => withQuery(request, 'acl'),
  'a query that turns it into the start of parts': (request) => withQuery(request, 'uploads'),
  'a query that turns it into a part': (request) => withQuery(request, 'uploadId=x'),
  'a header that makes it a copy': (request, { prefix }, kit) =>
    withHeader(request, `${prefix}copy-source`, () => `/${kit.bucket}/somebody/else.bin`),
  'a canned ACL': (request, { prefix }) => withHeader(request, `${prefix}acl`, () => 'public-read'),
  'a body that is longer than signed': (request) =>
    withBody(request, Buffer.concat([request.body, Buffer.from('more')])),
  'a body that is another than signed': (request) => withBody(request, Buffer.from(request.body).reverse()),
};

export function* caughtAndAltered(kit) {
  const { signed } = kit.cloud;
  const made = kit.cloud.clients[signed.by ?? kit.cloud.main];
  const catchPut = async (bytes = kit.bytes()) => {
    const answer = await kit.vend();
    const key = answer.relativePath;
    return {
      key,
      bytes,
      keys: [key, neighbour(key), `${key}/../neighbour.bin`],
      request: await caught(() => new made(answer, kit).put(key, bytes)),
    };
  };
  yield [
    'caught: the request as it was',
    async () => {
      const { key, bytes, request } = await catchPut();
      const reply = await kit.send(request);
      expect(reply.status === 200, `${reply.status} ${reply.body}`);
      expect(reply.headers.etag, 'no ETag');
      await kit.stored(key, bytes);
    },
  ];
  for (const [what, change] of Object.entries(alterations)) {
    if (signed.not?.includes(what)) continue; // this vendor's signature does not cover it
    yield [
      `caught and altered: ${what}`,
      async () => {
        const { keys, request } = await catchPut();
        await kit.refused(() => kit.send(changed(request, change(request, signed, kit))), { keys });
      },
    ];
  }
  yield [
    'caught and altered: 5 GB announced',
    async () => {
      const { keys, request } = await catchPut();
      await kit.refused(() => kit.send({ ...request, announce: 5 * 1024 * MiB + 1 }), { keys });
    },
  ];
  yield [
    'caught and cut: nothing is stored of half a body',
    async () => {
      const { key, request } = await catchPut();
      await kit.send({
        ...request,
        body: request.body.subarray(0, 500),
        announce: request.body.length,
        cut: true,
      });
      await new Promise((later) => setTimeout(later, 300));
      expect((await kit.object(key)) === null, `${key} is stored`);
    },
  ];
}
