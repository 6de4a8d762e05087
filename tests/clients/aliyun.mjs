// Aliyun OSS: ali-oss, its Node and its browser build, signature versions 1 and 4.
import OSS from 'ali-oss';
import { createHmac } from 'node:crypto';
import { Readable } from 'node:stream';
import { laterIn, MiB, otherHex, xmlCode } from './harness/kit.mjs';
import { fileOf, page } from './harness/page.mjs';

const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

/// The client's options for an answer; the bucket goes into the host.
const optionsOf = ({ accessKeyId, secretAccessKey, securityToken, bucket, region }, { port }) => ({
  region,
  bucket,
  accessKeyId,
  accessKeySecret: secretAccessKey,
  stsToken: securityToken,
  endpoint: `http://localhost:${port}`,
  secure: false,
  refreshSTSToken: async () => ({ accessKeyId, accessKeySecret: secretAccessKey, stsToken: securityToken }),
  refreshSTSTokenInterval: 300000,
});

class Node {
  static acl = true;
  static options = { authorizationV4: true };
  constructor(answer, kit) {
    this.client = new OSS({
      ...optionsOf(answer, kit),
      ...this.constructor.options,
      ...this.constructor.pointed?.(kit),
    });
  }
  put(key, bytes, { bucket, acl } = {}) {
    if (bucket) this.client.useBucket(bucket);
    return this.client.put(key, bytes, acl ? { headers: { 'x-oss-object-acl': acl } } : {});
  }
  putTyped(key, bytes) {
    return this.client.put(key, bytes, { mime: 'image/png', meta: { owner: 'me' } });
  }
  putStream(key, bytes) {
    return this.client.putStream(key, Readable.from([bytes.subarray(0, 300), bytes.subarray(300)]));
  }
  multipart(key, bytes) {
    return this.client.multipartUpload(key, bytes, { partSize: 5 * MiB, parallel: 2 });
  }
  async create(key) {
    return (await this.client.initMultipartUpload(key)).uploadId;
  }
  async part(key, id, number, bytes) {
    return (await this.client.uploadPart(key, id, number, bytes, 0, bytes.length)).etag;
  }
  async parts(key, id) {
    const { parts } = await this.client.listParts(key, id);
    return (Array.isArray(parts) ? parts : [parts]).map(({ PartNumber, ETag, Size }) => ({
      number: PartNumber,
      tag: ETag,
      size: Size,
    }));
  }
  complete(key, id, parts) {
    return this.client.completeMultipartUpload(
      key,
      id,
      parts.map(({ number, tag }) => ({ number, etag: tag })),
    );
  }
  abort(key, id) {
    return this.client.abortMultipartUpload(key, id);
  }
  get(key) {
    return this.client.get(key);
  }
  head(key) {
    return this.client.head(key);
  }
  remove(key) {
    return this.client.delete(key);
  }
  list(prefix) {
    return this.client.list({ prefix });
  }
  listUploads(prefix) {
    return this.client.listUploads({ prefix });
  }
  copy(from, key) {
    return this.client.copy(key, from);
  }
  getAcl(key) {
    return this.client.getACL(key);
  }
  putAcl(key, acl) {
    return this.client.putACL(key, acl);
  }
  url(key, method, seconds) {
    return this.client.signatureUrlV4(method, seconds, {}, key);
  }
}
class Version1 extends Node {
  static options = { authorizationV4: false };
  url(key, method, seconds) {
    return this.client.signatureUrl(key, { method, expires: seconds });
  }
}
/// The bucket in the path, and in a Host that is nobody's.
class PathStyle extends Node {
  static pointed = ({ port }) => ({ endpoint: `http://127.0.0.1:${port}`, sldEnable: true });
}
class Browser {
  constructor(answer, kit) {
    this.window = page(['ali-oss', 'dist/aliyun-oss-sdk.min.js']);
    this.client = new this.window.OSS({ ...optionsOf(answer, kit), ...this.constructor.options });
  }
  put(key, bytes) {
    return this.client.put(key, fileOf(this.window, bytes));
  }
  multipart(key, bytes) {
    return this.client.multipartUpload(key, fileOf(this.window, bytes), { partSize: 5 * MiB, parallel: 2 });
  }
}
class BrowserVersion4 extends Browser {
  static options = { authorizationV4: true };
}

export default {
  name: 'aliyun',
  type: 3,
  clients: {
    'ali-oss': Node,
    'ali-oss, version 1': Version1,
    'ali-oss, sldEnable': PathStyle,
    'ali-oss in the page, version 1': Browser,
    'ali-oss in the page': BrowserVersion4,
  },
  main: 'ali-oss',
  sortsParts: true,
  fault: (error) => ({ status: error.status, code: error.code }),
  code: xmlCode,
  smallest: 100 * 1024, // part that is not the last
  preflight: [
    'PUT',
    'Authorization',
    'x-oss-date',
    'x-oss-user-agent',
    'x-oss-security-token',
    'x-oss-content-sha256',
    'content-type',
  ],
  exposes: 'ETag',
  signed: {
    token: 'x-oss-security-token',
    prefix: 'x-oss-',
    signature: otherHex,
    date: laterIn('x-oss-date'),
  },
  form: {
    policy: 'policy',
    signature: 'x-oss-signature',
    token: 'x-oss-security-token',
    id: 'x-oss-credential',
    extra: { name: 'x-oss-meta-more', refused: true },
    statuses: true,
  },
  resign({ form: { fields }, secretAccessKey }, policy) {
    const text = Buffer.from(typeof policy === 'string' ? policy : JSON.stringify(policy)).toString('base64');
    const scope = fields['x-oss-credential'].split('/').slice(1);
    const key = scope.reduce(hmac, `aliyun_v4${secretAccessKey}`);
    return { policy: text, 'x-oss-signature': hmac(key, text).toString('hex') };
  },
  own: (kit) => ({
    'refused: a clock that is an hour off': async () => {
      for (const hours of [-1, 1]) {
        const answer = await kit.vend();
        const made = new Node(answer, kit);
        made.client.options.amendTimeSkewed = hours * 3600e3;
        await kit.refused(() => made.put(answer.relativePath, kit.bytes()), {
          keys: [answer.relativePath],
          codes: /^(RequestTimeTooSkewed|AccessDenied|InvalidArgument)$/,
        });
      }
    },
    'refused: signature version 4 for another region': async () => {
      const answer = await kit.vend();
      await kit.refused(
        () => new Node({ ...answer, region: 'oss-cn-elsewhere' }, kit).put(answer.relativePath, kit.bytes()),
        { keys: [answer.relativePath] },
      );
    },
    'refused: a wrong Content-MD5': async () => {
      const answer = await kit.vend();
      await kit.refused(
        () =>
          new Node(answer, kit).client.put(answer.relativePath, kit.bytes(), {
            headers: { 'Content-MD5': '1B2M2Y8AsgTpgAmY7PhCfg==' },
          }),
        { keys: [answer.relativePath] },
      );
    },
    'refused: delete of many': async () => {
      const answer = await kit.vend({ isDir: 1 });
      const key = `${answer.relativePath}one.bin`;
      await new Node(answer, kit).put(key, kit.bytes());
      await kit.refused(() => new Node(answer, kit).client.deleteMulti([key]), { keys: [key] });
    },
    'refused: append': async () => {
      const answer = await kit.vend();
      await kit.refused(() => new Node(answer, kit).client.append(answer.relativePath, kit.bytes()), {
        keys: [answer.relativePath],
      });
    },
  }),
};
