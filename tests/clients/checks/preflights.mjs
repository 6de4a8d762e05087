// What browsers ask a store.
import { expect } from '../harness/kit.mjs';

export function* preflights(kit) {
  const {
    preflight: [method, ...headers],
  } = kit.cloud;
  yield [
    'CORS: a preflight from any origin',
    async () => {
      const answer = await kit.vend();
      for (const origin of ['http://app.valet.test', 'https://elsewhere.example', 'null']) {
        const reply = await kit.send({
          method: 'OPTIONS',
          path: `/${answer.relativePath}`,
          headers: {
            Host: kit.hosted,
            Origin: origin,
            'Access-Control-Request-Method': method,
            'Access-Control-Request-Headers': headers.join(', ').toLowerCase(),
          },
        });
        expect([200, 204].includes(reply.status), `${reply.status} ${reply.body} for ${origin}`);
        const allowed = (name) => (reply.headers[`access-control-allow-${name}`] ?? '').toLowerCase().split(/\s*,\s*/);
        expect(
          ['*', origin].includes(reply.headers['access-control-allow-origin']),
          `allow-origin ${reply.headers['access-control-allow-origin']} for ${origin}`,
        );
        expect(
          allowed('methods').some((one) => ['*', method.toLowerCase()].includes(one)),
          `allow-methods ${allowed('methods')}`,
        );
        for (const header of headers)
          // a bare * does not cover Authorization in browsers
          expect(
            allowed('headers').includes(header.toLowerCase()) ||
              (header !== 'Authorization' && allowed('headers').includes('*')),
            `allow-headers ${allowed('headers')} without ${header}`,
          );
      }
    },
  ];
  yield [
    'CORS: a refusal may be read by the page',
    async () => {
      const reply = await kit.send({
        method: 'PUT',
        path: '/some/key.bin',
        headers: { Host: kit.hosted, Origin: 'http://app.valet.test' },
        body: 'x',
      });
      expect(reply.status >= 400, `${reply.status}`);
      expect(
        ['*', 'http://app.valet.test'].includes(reply.headers['access-control-allow-origin']),
        `allow-origin ${reply.headers['access-control-allow-origin']}`,
      );
      if (kit.cloud.exposes)
        expect(
          new RegExp(kit.cloud.exposes, 'i').test(reply.headers['access-control-expose-headers'] ?? ''),
          `expose-headers ${reply.headers['access-control-expose-headers']}`,
        );
    },
  ];
}
