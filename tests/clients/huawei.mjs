// Huawei OBS: esdk-obs-nodejs, and esdk-obs-browserjs in a page.
import ObsClient from 'esdk-obs-nodejs';
import { createHmac } from 'node:crypto';
import { Readable } from 'node:stream';
import { MiB, xmlCode } from './harness/kit.mjs';
import { fileOf, page } from './harness/page.mjs';

const optionsOf = ({ accessKeyId, secretAccessKey, securityToken }, { port }) => ({
  access_key_id: accessKeyId,
  secret_access_key: secretAccessKey,
  security_token: securityToken,
  server: `http://localhost:${port}`,
  is_signature_negotiation: false,
  timeout: 30,
  max_retry_count: 0,
});
/// The clients resolve with a refusal, too.
const settled = async (promise) => {
  const result = await promise;
  if (result?.CommonMsg && result.CommonMsg.Status < 300) return result.InterfaceResult;
  throw Object.assign(new Error(`${result?.CommonMsg?.Status} ${result?.CommonMsg?.Code}`), {
    obs: result?.CommonMsg,
  });
};

class Node {
  static acl = true;
  constructor(answer, kit) {
    this.Bucket = answer.bucket;
    this.kit = kit;
    this.client = new ObsClient({ ...optionsOf(answer, kit), ...this.constructor.pointed?.(kit) });
  }
  async call(name, input) {
    await new Promise(setImmediate); // the constructor has not ended yet when it returns
    return settled(this.client[name]({ Bucket: this.Bucket, ...input }));
  }
  // the client makes text of a Buffer, so bytes go through a file
  put(Key, bytes, { bucket = this.Bucket, acl } = {}) {
    return this.call('putObject', {
      Bucket: bucket,
      Key,
      SourceFile: this.kit.file(bytes),
      ...(acl ? { ACL: acl } : {}),
    });
  }
  putTyped(Key, bytes) {
    const SourceFile = this.kit.file(bytes);
    return this.call('putObject', { Key, SourceFile, ContentType: 'image/png', Metadata: { owner: 'me' } });
  }
  putStream(Key, bytes) {
    return this.call('putObject', { Key, Body: Readable.from([bytes.subarray(0, 300), bytes.subarray(300)]) });
  }
  multipart(Key, bytes) {
    return this.call('uploadFile', { Key, UploadFile: this.kit.file(bytes), PartSize: 5 * MiB, TaskNum: 2 });
  }
  async create(Key) {
    return (await this.call('initiateMultipartUpload', { Key })).UploadId;
  }
  async part(Key, UploadId, PartNumber, bytes) {
    return (await this.call('uploadPart', { Key, UploadId, PartNumber, SourceFile: this.kit.file(bytes) })).ETag;
  }
  async parts(Key, UploadId) {
    return (await this.call('listParts', { Key, UploadId })).Parts.map(({ PartNumber, ETag, Size }) => ({
      number: PartNumber,
      tag: ETag,
      size: Size,
    }));
  }
  complete(Key, UploadId, parts) {
    return this.call('completeMultipartUpload', {
      Key,
      UploadId,
      Parts: parts.map(({ number, tag }) => ({ PartNumber: number, ETag: tag })),
    });
  }
  abort(Key, UploadId) {
    return this.call('abortMultipartUpload', { Key, UploadId });
  }
  get(Key) {
    return this.call('getObject', { Key });
  }
  head(Key) {
    return this.call('getObjectMetadata', { Key });
  }
  remove(Key) {
    return this.call('deleteObject', { Key });
  }
  list(Prefix) {
    return this.call('listObjects', { Prefix });
  }
  listUploads(Prefix) {
    return this.call('listMultipartUploads', { Prefix });
  }
  copy(from, Key) {
    return this.call('copyObject', { Key, CopySource: `${this.Bucket}/${from}` });
  }
  getAcl(Key) {
    return this.call('getObjectAcl', { Key });
  }
  putAcl(Key, ACL) {
    return this.call('setObjectAcl', { Key, ACL });
  }
  async url(Key, Method, Expires) {
    await new Promise(setImmediate);
    return this.client.createSignedUrlSync({ Method, Bucket: this.Bucket, Key, Expires }).SignedUrl;
  }
}
/// With an address the client goes over to the bucket in the path and to `AWS` and `x-amz-`.
class PathStyle extends Node {
  static pointed = ({ port }) => ({ server: `http://127.0.0.1:${port}` });
}
class Browser {
  constructor(answer, kit) {
    this.Bucket = answer.bucket;
    this.window = page(['esdk-obs-browserjs', 'dist/@cloud/esdk-obs-browserjs.3.25.6.min.js']);
    this.client = new this.window.ObsClient({ ...optionsOf(answer, kit), ...this.constructor.options });
  }
  put(Key, bytes) {
    return settled(this.client.putObject({ Bucket: this.Bucket, Key, SourceFile: fileOf(this.window, bytes) }));
  }
  multipart(Key, bytes) {
    return new Promise((resolve, reject) =>
      this.client.uploadFile(
        { Bucket: this.Bucket, Key, SourceFile: fileOf(this.window, bytes), PartSize: 5 * MiB, TaskNum: 2 },
        (error, result) => (error ? reject(new Error(String(error))) : resolve(settled(Promise.resolve(result)))),
      ),
    );
  }
}
/// As the client is made by default: it asks the store for its version first.
class Negotiating extends Browser {
  static options = { is_signature_negotiation: true };
}

export default {
  name: 'huawei',
  type: 6,
  clients: {
    'esdk-obs-nodejs': Node,
    'esdk-obs-nodejs, bucket in the path': PathStyle,
    'esdk-obs-browserjs in the page': Browser,
    'esdk-obs-browserjs in the page, negotiating': Negotiating,
  },
  main: 'esdk-obs-nodejs',
  sortsParts: false,
  fault: (error) => error?.obs && { status: error.obs.Status, code: error.obs.Code },
  code: xmlCode,
  smallest: 100 * 1024, // part that is not the last
  preflight: ['PUT', 'x-obs-date', 'x-obs-security-token', 'Authorization', 'content-type'],
  exposes: 'ETag.*x-obs-api|x-obs-api.*ETag',
  signed: {
    token: 'x-obs-security-token',
    prefix: 'x-obs-',
    signature: (text) => text.replace(/(OBS [^:]*:.)(.)/, (_, begin, one) => begin + (one === 'A' ? 'B' : 'A')),
    date: (request) => {
      const name = request.headers['x-obs-date'] ? 'x-obs-date' : 'date';
      return {
        ...request,
        headers: {
          ...request.headers,
          [name]: new Date(Date.parse(request.headers[name]) + 61e3).toUTCString(),
        },
      };
    },
    // OBS signs neither the body nor its length
    not: ['a body that is another than signed', 'a body that is longer than signed'],
  },
  form: {
    policy: 'policy',
    signature: 'signature',
    token: 'x-obs-security-token',
    id: 'AccessKeyId',
    extra: { name: 'x-obs-meta-more', refused: true },
    statuses: true,
  },
  resign({ secretAccessKey }, policy) {
    const text = Buffer.from(typeof policy === 'string' ? policy : JSON.stringify(policy)).toString('base64');
    return { policy: text, signature: createHmac('sha1', secretAccessKey).update(text).digest('base64') };
  },
  own: (kit) => ({
    'refused: a clock that is an hour off': async () => {
      for (const hours of [-1, 1]) {
        const answer = await kit.vend();
        const { client, window } = new Browser(answer, kit);
        const at = { Bucket: answer.bucket, Key: answer.relativePath };
        const RequestDate = new Date(Date.now() + hours * 3600e3);
        const run = () => settled(client.putObject({ ...at, SourceFile: fileOf(window, kit.bytes()), RequestDate }));
        await kit.refused(run, { keys: [answer.relativePath], codes: /^(RequestTimeTooSkewed|AccessDenied)$/ });
      }
    },
    'refused: a wrong Content-MD5': async () => {
      const answer = await kit.vend();
      await kit.refused(
        () =>
          new Node(answer, kit).call('putObject', {
            Key: answer.relativePath,
            SourceFile: kit.file(kit.bytes()),
            ContentMD5: '1B2M2Y8AsgTpgAmY7PhCfg==',
          }),
        { keys: [answer.relativePath] },
      );
    },
    'refused: append': async () => {
      const answer = await kit.vend();
      await kit.refused(
        () => new Node(answer, kit).call('appendObject', { Key: answer.relativePath, Position: 0, Body: 'x' }),
        { keys: [answer.relativePath] },
      );
    },
    'refused: delete of many': () =>
      kit.keeps(Node, (client, key) => client.call('deleteObjects', { Objects: [{ Key: key }] }).catch(() => {})),
  }),
};
