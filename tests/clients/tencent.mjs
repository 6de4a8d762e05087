// Tencent COS: cos-nodejs-sdk-v5, and cos-js-sdk-v5 in a page.
import COS from 'cos-nodejs-sdk-v5';
import { createHash, createHmac } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect, MiB, neighbour, xmlCode } from './harness/kit.mjs';
import { fileOf, page } from './harness/page.mjs';

const hmac = (key, text) => createHmac('sha1', key).update(text).digest('hex');
const sha1 = (text) => createHash('sha1').update(text).digest('hex');

const authorize =
  ({ accessKeyId, secretAccessKey, securityToken, startTime, expiredTime }) =>
  (_, tell) =>
    tell({
      TmpSecretId: accessKeyId,
      TmpSecretKey: secretAccessKey,
      SecurityToken: securityToken,
      StartTime: startTime,
      ExpiredTime: expiredTime,
      ScopeLimit: true,
    });
const optionsOf = (answer, { port }) => ({
  Domain: `{Bucket}.localhost:${port}`,
  Protocol: 'http:',
  ...(answer.securityToken
    ? { getAuthorization: authorize(answer) }
    : { SecretId: answer.accessKeyId, SecretKey: answer.secretAccessKey }),
});

class Node {
  static platform = 'web'; // the client's own multipart lists open uploads first
  static acl = true;
  constructor(answer, kit) {
    this.at = { Bucket: answer.bucket, Region: answer.region };
    this.kit = kit;
    this.cos = new COS(optionsOf(answer, kit));
  }
  put(Key, Body, { bucket, acl } = {}) {
    return this.cos.putObject({ ...this.at, ...(bucket ? { Bucket: bucket } : {}), Key, Body, ACL: acl });
  }
  putTyped(Key, Body) {
    return this.cos.putObject({ ...this.at, Key, Body, ContentType: 'image/png', 'x-cos-meta-owner': 'me' });
  }
  putStream(Key, bytes) {
    return this.cos.putObject({
      ...this.at,
      Key,
      Body: Readable.from([bytes.subarray(0, 300), bytes.subarray(300)]),
      ContentLength: bytes.length,
    });
  }
  multipart(Key, bytes) {
    return this.cos.sliceUploadFile({
      ...this.at,
      Key,
      FilePath: this.kit.file(bytes),
      ChunkSize: 5 * MiB,
      SliceSize: MiB,
      AsyncLimit: 2,
    });
  }
  async create(Key) {
    return (await this.cos.multipartInit({ ...this.at, Key })).UploadId;
  }
  async part(Key, UploadId, PartNumber, Body) {
    return (await this.cos.multipartUpload({ ...this.at, Key, UploadId, PartNumber, Body })).ETag;
  }
  async parts(Key, UploadId) {
    return (await this.cos.multipartListPart({ ...this.at, Key, UploadId })).Part.map(({ PartNumber, ETag, Size }) => ({
      number: PartNumber,
      tag: ETag,
      size: Size,
    }));
  }
  complete(Key, UploadId, parts) {
    return this.cos.multipartComplete({
      ...this.at,
      Key,
      UploadId,
      Parts: parts.map(({ number, tag }) => ({ PartNumber: number, ETag: tag })),
    });
  }
  abort(Key, UploadId) {
    return this.cos.multipartAbort({ ...this.at, Key, UploadId });
  }
  get(Key) {
    return this.cos.getObject({ ...this.at, Key });
  }
  head(Key) {
    return this.cos.headObject({ ...this.at, Key });
  }
  remove(Key) {
    return this.cos.deleteObject({ ...this.at, Key });
  }
  list(Prefix) {
    return this.cos.getBucket({ ...this.at, Prefix });
  }
  listUploads(Prefix) {
    return this.cos.multipartList({ ...this.at, Prefix });
  }
  copy(from, Key) {
    return this.cos.putObjectCopy({
      ...this.at,
      Key,
      CopySource: `${this.at.Bucket}.cos.${this.at.Region}.myqcloud.com/${from}`,
    });
  }
  getAcl(Key) {
    return this.cos.getObjectAcl({ ...this.at, Key });
  }
  putAcl(Key, ACL) {
    return this.cos.putObjectAcl({ ...this.at, Key, ACL });
  }
  // with a StartTime the client counts from there; the answer's lies before now
  url(Key, Method, seconds) {
    const Expires = seconds + (seconds > 60 ? 900 : 0);
    return new Promise((resolve, reject) =>
      this.cos.getObjectUrl({ ...this.at, Key, Method, Sign: true, Expires }, (error, { Url } = {}) =>
        error ? reject(error) : resolve(Url),
      ),
    );
  }
}
class Browser {
  static platform = 'web';
  constructor(answer, kit) {
    this.at = { Bucket: answer.bucket, Region: answer.region };
    this.window = page(['cos-js-sdk-v5', 'dist/cos-js-sdk-v5.min.js']);
    this.cos = new this.window.COS(optionsOf(answer, kit));
  }
  put(Key, bytes) {
    return this.cos.putObject({ ...this.at, Key, Body: fileOf(this.window, bytes) });
  }
  multipart(Key, bytes) {
    return this.cos.sliceUploadFile({
      ...this.at,
      Key,
      Body: fileOf(this.window, bytes),
      ChunkSize: 5 * MiB,
      SliceSize: MiB,
      AsyncLimit: 2,
    });
  }
}

const signature = (text) =>
  text.replace(/(q-signature=.*)(.)$/, (_, begin, last) => begin + (last === '0' ? '1' : '0'));
const later = (text) => text.replace(/;(\d+)/g, (_, end) => `;${Number(end) + 60}`);

export default {
  name: 'tencent',
  type: 1,
  clients: { 'cos-nodejs-sdk-v5': Node, 'cos-js-sdk-v5 in the page': Browser },
  main: 'cos-nodejs-sdk-v5',
  otherBucket: 'other-bucket-1250000000',
  fault: (error) => ({ status: error.statusCode, code: error.error?.Code ?? error.code }),
  code: xmlCode,
  smallest: 1024 * 1024, // part that is not the last
  preflight: ['PUT', 'Cache-Control', 'Authorization', 'x-cos-security-token', 'content-type'],
  exposes: 'ETag',
  signed: {
    token: 'x-cos-security-token',
    prefix: 'x-cos-',
    signature,
    date: (request) => ({
      ...request,
      headers: { ...request.headers, authorization: later(request.headers.authorization) },
    }),
    not: ['a body that is another than signed'], // COS signs the length at most
  },
  form: {
    policy: 'policy',
    signature: 'q-signature',
    token: 'x-cos-security-token',
    id: 'q-ak',
    extra: { name: 'x-cos-meta-more', refused: false }, // a field without a condition is not checked
    statuses: true,
  },
  resign({ form: { fields }, secretAccessKey }, policy) {
    const text = typeof policy === 'string' ? policy : JSON.stringify(policy);
    return {
      policy: Buffer.from(text).toString('base64'),
      'q-signature': hmac(hmac(secretAccessKey, fields['q-key-time']), sha1(text)),
    };
  },
  own: (kit) => ({
    'web: the own open uploads may be listed': async () => {
      const answer = await kit.vend({ platform: 'web' });
      const client = new Node(answer, kit);
      const id = await client.create(answer.relativePath);
      const { Upload } = await client.listUploads(answer.relativePath);
      expect(
        Upload.length === 1 && Upload[0].UploadId === id && Upload[0].Key === answer.relativePath,
        `listed ${JSON.stringify(Upload)}`,
      );
    },
    'refused: web: open uploads of others': async () => {
      const answer = await kit.vend({ platform: 'web' });
      for (const prefix of [
        '',
        neighbour(answer.relativePath),
        answer.relativePath.slice(0, -1),
        `${answer.relativePath}x`,
      ])
        await kit.refused(() => new Node(answer, kit).listUploads(prefix));
    },
    'refused: app: the own open uploads': async () => {
      const answer = await kit.vend();
      await kit.refused(() => new Node(answer, kit).listUploads(answer.relativePath));
    },
    'a clock that is an hour off is corrected by the client': async () => {
      const answer = await kit.vend();
      const client = new Node({ ...answer, startTime: undefined }, kit);
      client.cos.options.SystemClockOffset = -3600e3;
      const bytes = kit.bytes();
      await client.put(answer.relativePath, bytes);
      await kit.stored(answer.relativePath, bytes);
    },
    'refused: a clock that is an hour off': async () => {
      for (const hours of [-1, 1]) {
        const answer = await kit.vend();
        const client = new Node({ ...answer, startTime: undefined, expiredTime: answer.expiredTime + 7200 }, kit);
        Object.assign(client.cos.options, { SystemClockOffset: hours * 3600e3, CorrectClockSkew: false });
        await kit.refused(() => client.put(answer.relativePath, kit.bytes()), {
          keys: [answer.relativePath],
          codes: /^(RequestTimeTooSkewed|AccessDenied|ExpiredToken|InvalidArgument)$/,
        });
      }
    },
    'refused: append': async () => {
      const answer = await kit.vend();
      await kit.refused(
        () =>
          new Node(answer, kit).cos.appendObject({
            Bucket: answer.bucket,
            Region: answer.region,
            Key: answer.relativePath,
            Position: 0,
            Body: 'x',
          }),
        { keys: [answer.relativePath] },
      );
    },
    'refused: delete of many': async () => {
      // COS answers 200 and names a fault for each key; a store that refuses the whole is right, too
      const errors = await kit.keeps(Node, ({ cos, at }, key) =>
        cos.deleteMultipleObject({ ...at, Objects: [{ Key: key }] }).then(
          (done) => done.Error,
          () => ['refused'],
        ),
      );
      expect(errors.length === 1, 'was allowed');
    },
  }),
};
