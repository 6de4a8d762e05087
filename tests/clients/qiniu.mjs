// Qiniu Kodo: npm qiniu, and qiniu-js in a page. Everything rests on the upload token; there is no secret and no store
// signature. The single steps of a multipart upload, which no client offers, are plain requests.
import qiniu from 'qiniu';
import { createHmac } from 'node:crypto';
import { Readable } from 'node:stream';
import { altered, expect, md5, MiB, neighbour } from './harness/kit.mjs';
import { fileOf, page } from './harness/page.mjs';
import { multipart } from './harness/wire.mjs';

const safe = (text) => Buffer.from(text).toString('base64').replaceAll('+', '-').replaceAll('/', '_'); // with its padding
const fromSafe = (text) => Buffer.from(text, 'base64').toString();
const error = (body) => {
  try {
    const said = JSON.parse(body).error;
    return typeof said === 'string' ? said : undefined;
  } catch {
    return undefined;
  }
};
const fail = (status, body) =>
  Object.assign(new Error(`${status} ${body}`), { qiniu: { status, code: error(body), text: body } });

class Node {
  constructor(answer, kit) {
    this.token = answer.securityToken;
    this.bucket = answer.bucket;
    this.kit = kit;
    const host = `127.0.0.1:${kit.port}`;
    this.config = new qiniu.conf.Config({ useHttpsDomain: false, zone: new qiniu.conf.Zone([host], [host]) });
  }
  async settled(promise) {
    const { data, resp } = await promise;
    if (resp.statusCode !== 200) throw fail(resp.statusCode, JSON.stringify(data));
    return data;
  }
  put(key, bytes) {
    return this.settled(
      new qiniu.form_up.FormUploader(this.config).put(
        this.token,
        key,
        Buffer.from(bytes),
        new qiniu.form_up.PutExtra(),
      ),
    );
  }
  putTyped(key, bytes) {
    const extra = new qiniu.form_up.PutExtra('named.png', { 'x:owner': 'me' }, 'image/png', null, true, {
      'x-qn-meta-owner': 'me',
    });
    return this.settled(new qiniu.form_up.FormUploader(this.config).put(this.token, key, Buffer.from(bytes), extra));
  }
  putStream(key, bytes) {
    const stream = Readable.from([bytes.subarray(0, 300), bytes.subarray(300)]);
    return this.settled(
      new qiniu.form_up.FormUploader(this.config).putStream(this.token, key, stream, new qiniu.form_up.PutExtra()),
    );
  }
  multipart(key, bytes) {
    const extra = new qiniu.resume_up.PutExtra();
    Object.assign(extra, { version: 'v2', partSize: 4 * MiB });
    return this.settled(
      new qiniu.resume_up.ResumeUploader(this.config).putFileV2(this.token, key, this.kit.file(bytes), extra),
    );
  }
  async step(method, key, rest, body = '', headers = {}) {
    const reply = await this.kit.send({
      method,
      path: `/buckets/${this.bucket}/objects/${safe(key)}/uploads${rest}`,
      body,
      headers: { Host: `127.0.0.1:${this.kit.port}`, Authorization: `UpToken ${this.token}`, ...headers },
    });
    if (reply.status !== 200) throw fail(reply.status, reply.body);
    return reply.body ? JSON.parse(reply.body) : {};
  }
  async create(key) {
    return (await this.step('POST', key, '', '', { 'Content-Type': 'application/json' })).uploadId;
  }
  async part(key, id, number, bytes, sum = md5(bytes)) {
    const done = await this.step('PUT', key, `/${id}/${number}`, bytes, {
      'Content-Type': 'application/octet-stream',
      'Content-MD5': sum,
    });
    expect(done.md5 === sum, `md5 ${done.md5} instead of ${sum}`);
    return done.etag;
  }
  async parts(key, id) {
    return (await this.step('GET', key, `/${id}`)).parts.map(({ partNumber, etag, size }) => ({
      number: partNumber,
      tag: etag,
      size,
    }));
  }
  complete(key, id, parts) {
    return this.step(
      'POST',
      key,
      `/${id}`,
      JSON.stringify({ parts: parts.map(({ number, tag }) => ({ partNumber: number, etag: tag })) }),
      { 'Content-Type': 'application/json' },
    );
  }
  abort(key, id) {
    return this.step('DELETE', key, `/${id}`);
  }
}
class Browser {
  constructor(answer, kit) {
    this.answer = answer;
    this.window = page(['qiniu-js', 'dist/qiniu.min.js']);
    this.config = {
      uphost: [`127.0.0.1:${kit.port}`],
      upprotocol: 'http',
      region: answer.region,
      useCdnDomain: false,
      retryCount: 0,
      chunkSize: 4,
      debugLogLevel: 'OFF',
    };
  }
  put(key, bytes) {
    return new Promise((resolve, reject) =>
      this.window.qiniu
        .upload(fileOf(this.window, bytes), key, this.answer.securityToken, {}, this.config)
        .subscribe({ error: reject, complete: resolve }),
    );
  }
  multipart(key, bytes) {
    return this.put(key, bytes);
  }
}
/// A form without a client: npm qiniu reads the token itself, and stumbles over a broken one.
class Plain {
  constructor(answer, kit) {
    Object.assign(this, { answer, kit });
  }
  put(key, bytes) {
    const { headers, body } = multipart([
      ['token', this.answer.securityToken],
      ['key', key],
      ['file', bytes, 'file.bin'],
    ]);
    return this.kit.send({
      method: 'POST',
      path: '/',
      headers: { ...headers, Host: `127.0.0.1:${this.kit.port}` },
      body,
    });
  }
}

/// An answer whose token holds another policy, with the old signature.
const forged =
  (change) =>
  ({ securityToken }) => {
    const [id, signature, policy] = securityToken.split(':');
    return { securityToken: [id, signature, safe(JSON.stringify(change(JSON.parse(fromSafe(policy)))))].join(':') };
  };
const piece =
  (at, change) =>
  ({ securityToken }) => ({
    securityToken: securityToken
      .split(':')
      .map((one, n) => (n === at ? change(one) : one))
      .join(':'),
  });

export default {
  name: 'qiniu',
  type: 0,
  clients: { qiniu: Node, 'qiniu-js in the page': Browser },
  main: 'qiniu',
  smallestFile: 1, // the token says so, and there is no other way to upload
  otherBucket: null, // the bucket stands in the token alone
  badPart: /./, // the vendor publishes no text for it
  fault: (thrown) => thrown?.qiniu,
  code: error,
  refusals: (status) => status >= 400 && status < 700,
  preflight: ['POST', 'Authorization', 'Content-MD5', 'content-type'],
  spoils: Plain,
  spoiled: {
    'one character of the token’s signature changed': piece(1, altered),
    'one character of the token’s policy changed': piece(2, altered),
    'one character of the token’s key id changed': piece(0, altered),
    'the key id of nobody': piece(0, () => 'nobody'),
    'a token of two pieces': ({ securityToken }) => ({
      securityToken: securityToken.split(':').slice(0, 2).join(':'),
    }),
    'no token': () => ({ securityToken: '' }),
    'the token of another answer': (_, { securityToken }) => ({ securityToken }),
    'a policy for the whole bucket': forged((policy) => ({ ...policy, scope: policy.scope.split(':')[0] })),
    'a policy for a prefix': forged((policy) => ({ ...policy, isPrefixalScope: 1 })),
    'a policy that lasts longer': forged((policy) => ({ ...policy, deadline: policy.deadline + 3600 })),
    'a policy for larger files': forged((policy) => ({ ...policy, fsizeLimit: policy.fsizeLimit * 2 })),
    'a policy that may overwrite': forged(({ insertOnly, ...policy }) => policy),
    'a policy without a deadline': forged(({ deadline, ...policy }) => policy),
    'a token signed by somebody else': ({ securityToken }) => {
      const [id, , policy] = securityToken.split(':');
      return { securityToken: `${id}:${safe(createHmac('sha1', 'guessed').update(policy).digest())}:${policy}` };
    },
  },
  form: {
    token: 'token',
    extra: { name: 'x:more', refused: false },
    // policy and signature are pieces of the token; the order of fields is free
    not: [
      'another bucket as a field',
      'no policy',
      'a changed policy',
      'a policy with a larger size',
      'a changed signature',
      'no signature',
      'a changed key id',
      'the file first',
    ],
  },
  own: (kit) => ({
    'refused: other bytes under a key that is there (insertOnly)': async () => {
      const answer = await kit.vend();
      const client = new Node(answer, kit);
      const bytes = kit.bytes();
      await client.put(answer.relativePath, bytes);
      await client.put(answer.relativePath, bytes); // the same content is fine
      const { status } = await kit.refused(() => client.put(answer.relativePath, kit.bytes()), {
        keys: [answer.relativePath],
      });
      expect(status === 614, `status ${status} instead of 614`);
    },
    'refused: other bytes under a key that is there, by parts': async () => {
      const answer = await kit.vend();
      const client = new Node(answer, kit);
      await client.put(answer.relativePath, kit.bytes());
      await kit.refused(() => client.multipart(answer.relativePath, kit.bytes(5 * MiB)), {
        keys: [answer.relativePath],
      });
    },
    'the answer names key and hash': async () => {
      const answer = await kit.vend();
      const { key, hash } = await new Node(answer, kit).put(answer.relativePath, Buffer.from('hello'));
      // etag of up to 4 MiB: 0x16 and the SHA-1
      expect(key === answer.relativePath && hash === 'Fqr0xh3cxeii2r7eDztILNmuqUNN', `key ${key}, hash ${hash}`);
    },
    'refused: a wrong crc32': async () => {
      const answer = await kit.vend();
      const { headers, body } = multipart([
        ['token', answer.securityToken],
        ['key', answer.relativePath],
        ['crc32', '1'],
        ['file', kit.bytes(), 'file.bin'],
      ]);
      await kit.refused(
        () =>
          kit.send({
            method: 'POST',
            path: '/',
            headers: { ...headers, Host: `127.0.0.1:${kit.port}` },
            body,
          }),
        { keys: [answer.relativePath] },
      );
    },
    'the order of a form’s fields is free': async () => {
      const answer = await kit.vend();
      const bytes = kit.bytes();
      const { headers, body } = multipart([
        ['file', bytes, 'file.bin'],
        ['key', answer.relativePath],
        ['token', answer.securityToken],
      ]);
      const reply = await kit.send({
        method: 'POST',
        path: '/',
        headers: { ...headers, Host: `127.0.0.1:${kit.port}` },
        body,
      });
      expect(reply.status === 200, `${reply.status} ${reply.body}`);
      await kit.stored(answer.relativePath, bytes);
    },
    'refused: a part with another MD5': async () => {
      const answer = await kit.vend();
      const client = new Node(answer, kit);
      const id = await client.create(answer.relativePath);
      await kit.refused(() => client.part(answer.relativePath, id, 1, kit.bytes(), md5('other')));
    },
    'refused: parts in another bucket than the token’s': async () => {
      const answer = await kit.vend();
      await kit.refused(() => new Node({ ...answer, bucket: 'other-bucket' }, kit).create(answer.relativePath));
    },
    'refused: steps without a token': async () => {
      const answer = await kit.vend();
      const id = await new Node(answer, kit).create(answer.relativePath);
      const stranger = new Node({ ...answer, securityToken: (await kit.vend()).securityToken }, kit);
      for (const run of [
        () => stranger.part(answer.relativePath, id, 1, kit.bytes()),
        () => stranger.parts(answer.relativePath, id),
        () => stranger.complete(answer.relativePath, id, []),
        () => stranger.abort(answer.relativePath, id),
      ])
        await kit.refused(run, { keys: [answer.relativePath] });
    },
    'refused: a part of 5 GB announced': async () => {
      const answer = await kit.vend();
      const id = await new Node(answer, kit).create(answer.relativePath);
      await kit.refused(
        () =>
          kit.send({
            method: 'PUT',
            path: `/buckets/${answer.bucket}/objects/${safe(answer.relativePath)}/uploads/${id}/1`,
            headers: { Authorization: `UpToken ${answer.securityToken}` },
            announce: 5 * 1024 * MiB + 1,
          }),
        { keys: [answer.relativePath] },
      );
    },
    'refused: parts that make more than fsizeLimit': async () => {
      const answer = await kit.vend();
      const client = new Node(answer, kit);
      const id = await client.create(answer.relativePath);
      const bytes = Buffer.alloc(12 * MiB, 'x');
      const parts = [];
      await kit.refused(
        async () => {
          for (const number of [1, 2, 3])
            parts.push({ number, tag: await client.part(answer.relativePath, id, number, bytes) });
          await client.complete(answer.relativePath, id, parts);
        },
        { keys: [answer.relativePath] },
      );
    },
    'refused: what no upload token allows': async () => {
      const answer = await kit.vend();
      await new Node(answer, kit).put(answer.relativePath, kit.bytes());
      const object = `/${answer.bucket}/${answer.relativePath}`;
      const entry = safe(`${answer.bucket}:${answer.relativePath}`);
      for (const [method, path] of [
        ['GET', object],
        ['HEAD', object],
        ['DELETE', object],
        ['PUT', object],
        ['GET', `/${answer.relativePath}`],
        ['GET', `/list?bucket=${answer.bucket}`],
        ['POST', `/delete/${entry}`],
        ['GET', `/stat/${entry}`],
        ['POST', `/copy/${entry}/${entry}/force/true`],
        ['POST', `/move/${entry}/${safe(`${answer.bucket}:other`)}`],
        ['GET', '/'],
        ['GET', `/buckets/${answer.bucket}/objects/${safe(answer.relativePath)}/uploads`],
      ])
        await kit.refused(
          () =>
            kit.send({
              method,
              path,
              headers: {
                Host: `127.0.0.1:${kit.port}`,
                Authorization: `UpToken ${answer.securityToken}`,
              },
            }),
          { keys: [answer.relativePath, 'other'], bare: method === 'HEAD' },
        );
    },
    'refused: the neighbour in the page': async () => {
      const answer = await kit.vend();
      const other = neighbour(answer.relativePath);
      for (const size of [1000, 5 * MiB]) {
        const done = await new Browser(answer, kit).put(other, kit.bytes(size)).then(
          () => null,
          (thrown) => thrown,
        );
        expect(done, 'was allowed');
        expect(done.code >= 400, `failed by itself: ${done.message ?? done.name}`);
        expect((await kit.object(other)) === null, 'is stored');
      }
    },
  }),
};
