// Baidu BOS: @baiducloud/sdk, its older twin bce-sdk-js, and the browser bundle in a page.
import newer from '@baiducloud/sdk';
import older from 'bce-sdk-js';
import { createHmac } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { expect, later, MiB, otherHex } from './harness/kit.mjs';
import { fileOf, page } from './harness/page.mjs';

const optionsOf = ({ accessKeyId, secretAccessKey, securityToken, endpoint }) => ({
  endpoint,
  credentials: { ak: accessKeyId, sk: secretAccessKey },
  sessionToken: securityToken,
});

/// putSuperObject says how it ended to a listener only.
const superUpload = (client, bucketName, objectName, data) =>
  new Promise((resolve, reject) => {
    const onStateChange = (state, { message }) =>
      state === 'completed' ? resolve() : state === 'failed' ? reject(new Error(message)) : undefined;
    client
      .putSuperObject({ bucketName, objectName, data, chunkSize: 5 * MiB, partConcurrency: 2, onStateChange })
      .start();
  });

class Node {
  static platform = 'web'; // its multipart lists parts, which BOS sells with READ
  static acl = true;
  static sdk = newer;
  constructor(answer, kit) {
    this.bucket = answer.bucket;
    this.kit = kit;
    this.client = new this.constructor.sdk.BosClient({ ...optionsOf(answer), ...this.constructor.pointed?.(kit) });
  }
  put(key, bytes, { bucket = this.bucket, acl } = {}) {
    return this.client.putObject(bucket, key, bytes, acl ? { 'x-bce-acl': acl } : {});
  }
  putTyped(key, bytes) {
    return this.client.putObject(this.bucket, key, bytes, { 'Content-Type': 'image/png', 'x-bce-meta-owner': 'me' });
  }
  putStream(key, bytes) {
    return this.client.putObject(this.bucket, key, Readable.from([bytes.subarray(0, 300), bytes.subarray(300)]), {
      'Content-Length': bytes.length,
    });
  }
  multipart(key, bytes) {
    return superUpload(this.client, this.bucket, key, bytes);
  }
  async create(key) {
    return (await this.client.initiateMultipartUpload(this.bucket, key)).body.uploadId;
  }
  async part(key, id, number, bytes) {
    const file = createReadStream(this.kit.file(bytes), { start: 0, end: bytes.length - 1 });
    return (
      await this.client.uploadPart(this.bucket, key, id, number, bytes.length, file).finally(() => file.destroy())
    ).http_headers.etag;
  }
  async parts(key, id) {
    return (await this.client.listParts(this.bucket, key, id)).body.parts.map(({ partNumber, eTag, size }) => ({
      number: partNumber,
      tag: eTag,
      size,
    }));
  }
  complete(key, id, parts) {
    return this.client.completeMultipartUpload(
      this.bucket,
      key,
      id,
      parts.map(({ number, tag }) => ({ partNumber: number, eTag: tag })),
    );
  }
  abort(key, id) {
    return this.client.abortMultipartUpload(this.bucket, key, id);
  }
  get(key) {
    return this.client.getObject(this.bucket, key);
  }
  head(key) {
    return this.client.getObjectMetadata(this.bucket, key);
  }
  remove(key) {
    return this.client.deleteObject(this.bucket, key);
  }
  list(prefix) {
    return this.client.listObjects(this.bucket, { prefix });
  }
  listUploads(prefix) {
    return this.client.listMultipartUploads(this.bucket, { prefix });
  }
  copy(from, key) {
    return this.client.copyObject(this.bucket, from, this.bucket, key);
  }
  getAcl(key) {
    return this.client.getObjectAcl(this.bucket, key);
  }
  putAcl(key, acl) {
    return this.client.putObjectCannedAcl(this.bucket, key, acl);
  }
}
class Hosted extends Node {
  static pointed = ({ hosted }) => ({ endpoint: `http://${hosted}`, cname_enabled: true });
}
class Older extends Node {
  static sdk = older;
  // it has no upload of its own that cuts a file into parts
  async multipart(key, bytes) {
    const id = await this.create(key);
    const parts = [];
    for (let at = 0; at < bytes.length; at += 5 * MiB)
      parts.push({
        number: parts.length + 1,
        tag: await this.part(key, id, parts.length + 1, bytes.subarray(at, at + 5 * MiB)),
      });
    return this.complete(key, id, parts);
  }
}
class Browser {
  static platform = 'web';
  constructor(answer, kit) {
    this.bucket = answer.bucket;
    this.window = page(['@baiducloud/sdk', 'dist/baidubce-sdk.bundle.min.js']);
    this.client = new this.window.baidubce.sdk.BosClient(optionsOf(answer));
  }
  put(key, bytes) {
    return this.client.putObjectFromBlob(this.bucket, key, fileOf(this.window, bytes), {});
  }
  multipart(key, bytes) {
    return superUpload(this.client, this.bucket, key, fileOf(this.window, bytes));
  }
}

const json = (body) => {
  try {
    const { code, message, requestId } = JSON.parse(body);
    return message && requestId ? code : undefined;
  } catch {
    return undefined;
  }
};

export default {
  name: 'baidu',
  type: 4,
  clients: {
    '@baiducloud/sdk': Node,
    '@baiducloud/sdk, bucket in the host': Hosted,
    'bce-sdk-js': Older,
    '@baiducloud/sdk in the page': Browser,
  },
  main: '@baiducloud/sdk',
  fault: (error) => ({ status: error.status_code, code: error.code }),
  code: json,
  numbersParts: true, // the client refuses others by itself
  preflight: ['PUT', 'x-bce-date', 'x-bce-security-token', 'Authorization', 'content-type'],
  exposes: 'ETag',
  signed: {
    token: 'x-bce-security-token',
    prefix: 'x-bce-',
    signature: otherHex,
    date: (request) => ({
      ...request,
      headers: {
        ...request.headers,
        'x-bce-date': later(request.headers['x-bce-date']),
        authorization: request.headers.authorization.replace(/\d{4}-\d\d-\d\dT[\d:]+Z/, later),
      },
    }),
    not: ['a body that is another than signed'], // BOS signs no body
  },
  form: {
    policy: 'policy',
    signature: 'signature',
    token: 'x-bce-security-token',
    id: 'accessKey',
    extra: { name: 'x-bce-meta-more', refused: false }, // only bucket, key and length are conditions
  },
  resign({ secretAccessKey }, policy) {
    const text = Buffer.from(typeof policy === 'string' ? policy : JSON.stringify(policy)).toString('base64');
    return { policy: text, signature: createHmac('sha256', secretAccessKey).update(text).digest('hex') };
  },
  own: (kit) => ({
    'refused: app: list parts, which would need READ': async () => {
      const answer = await kit.vend();
      const client = new Node(answer, kit);
      const id = await client.create(answer.relativePath);
      await kit.refused(() => client.parts(answer.relativePath, id));
    },
    'refused: web: what READ of the own key does not hold': async () => {
      const [theirs, answer] = [await kit.vend(), await kit.vend({ platform: 'web' })];
      await new Node(theirs, kit).put(theirs.relativePath, kit.bytes());
      const client = new Node(answer, kit);
      await client.put(answer.relativePath, kit.bytes());
      for (const run of [
        () => client.get(theirs.relativePath),
        () => client.copy(theirs.relativePath, answer.relativePath),
        () => client.list(''),
        () => client.listUploads(''),
        () => client.remove(answer.relativePath),
        () => client.getAcl(answer.relativePath),
        () => client.putAcl(answer.relativePath, 'public-read'),
      ])
        await kit.refused(run, { keys: [theirs.relativePath, answer.relativePath] });
    },
    'form: the token as a header': async () => {
      const answer = await kit.vend();
      const bytes = kit.bytes();
      const form = new FormData();
      for (const [name, value] of Object.entries(answer.form.fields))
        if (name !== 'x-bce-security-token') form.append(name, value);
      form.append('file', new Blob([bytes]), 'file.bin');
      const reply = await fetch(answer.form.url, {
        method: 'POST',
        body: form,
        headers: { 'x-bce-security-token': answer.securityToken },
      });
      expect(reply.ok, `${reply.status} ${await reply.text()}`);
      await kit.stored(answer.relativePath, bytes);
    },
    'form: success-action-status is answered': async () => {
      const answer = await kit.vend();
      const form = new FormData();
      for (const [name, value] of Object.entries(answer.form.fields)) form.append(name, value);
      form.append('file', new Blob(['x']), 'file.bin');
      const reply = await fetch(answer.form.url, { method: 'POST', body: form });
      expect(reply.status === Number(answer.form.fields['success-action-status']), `${reply.status}`);
      expect(reply.headers.get('etag'), 'no ETag');
    },
    'the client’s own postObject': async () => {
      const answer = await kit.vend();
      const bytes = kit.bytes();
      const conditions = [{ bucket: answer.bucket }, { key: answer.relativePath }, ['content-length-range', 1, 5000]];
      await new Node(answer, kit).client.postObject(answer.bucket, answer.relativePath, bytes, {
        policy: { expiration: answer.expiration, conditions },
      });
      await kit.stored(answer.relativePath, bytes);
    },
    'a clock that is an hour off is corrected by the client': async () => {
      const answer = await kit.vend();
      const bytes = kit.bytes();
      newer.BceBaseClient.prototype.timeOffset = -3600e3;
      try {
        await new Node(answer, kit).put(answer.relativePath, bytes);
        await kit.stored(answer.relativePath, bytes);
      } finally {
        newer.BceBaseClient.prototype.timeOffset = 0;
      }
    },
    'refused: append': async () => {
      // WRITE holds AppendObject; the sandbox has no append, and says so in the vendor's format
      const answer = await kit.vend();
      await kit.refused(
        () => new Node(answer, kit).client.appendObject(answer.bucket, answer.relativePath, kit.bytes(), 0),
        { keys: [answer.relativePath] },
      );
    },
    'refused: delete of many': () =>
      kit.keeps(Node, ({ client }, key, { bucket }) => client.deleteMultipleObjects(bucket, [key]).catch(() => {})),
  }),
};
