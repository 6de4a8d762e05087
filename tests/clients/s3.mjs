// AWS's SDK as a client of the checks; KSyun takes it too.
import * as s3 from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { Readable } from 'node:stream';
import { MiB } from './harness/kit.mjs';

export class S3 {
  static acl = true;
  static options = {};
  constructor(answer, kit) {
    const { accessKeyId, secretAccessKey, securityToken, expiration, endpoint, region, bucket } = answer;
    this.bucket = bucket;
    this.endpoint = endpoint;
    this.client = new s3.S3Client({
      region,
      endpoint,
      maxAttempts: 1,
      credentials: {
        accessKeyId,
        secretAccessKey,
        sessionToken: securityToken,
        expiration: new Date(expiration),
      },
      ...this.constructor.options,
      ...this.constructor.pointed?.(kit),
    });
  }
  call(Command, input) {
    return this.client.send(new Command({ Bucket: this.bucket, ...input }));
  }
  put(Key, Body, { bucket = this.bucket, acl } = {}) {
    return this.call(s3.PutObjectCommand, { Bucket: bucket, Key, Body, ACL: acl });
  }
  putTyped(Key, Body) {
    return this.call(s3.PutObjectCommand, { Key, Body, ContentType: 'image/png', Metadata: { owner: 'me' } });
  }
  // its length has to be said: a plain PUT has no other way to tell it
  putStream(Key, bytes) {
    return this.call(s3.PutObjectCommand, {
      Key,
      Body: Readable.from([bytes.subarray(0, 300), bytes.subarray(300)]),
      ContentLength: bytes.length,
    });
  }
  multipart(Key, Body) {
    return new Upload({
      client: this.client,
      params: { Bucket: this.bucket, Key, Body },
      partSize: 5 * MiB,
    }).done();
  }
  async create(Key) {
    return (await this.call(s3.CreateMultipartUploadCommand, { Key })).UploadId;
  }
  async part(Key, UploadId, PartNumber, Body) {
    return (await this.call(s3.UploadPartCommand, { Key, UploadId, PartNumber, Body })).ETag;
  }
  async parts(Key, UploadId) {
    const { Parts = [] } = await this.call(s3.ListPartsCommand, { Key, UploadId });
    return Parts.map(({ PartNumber, ETag, Size }) => ({ number: PartNumber, tag: ETag, size: Size }));
  }
  complete(Key, UploadId, parts) {
    return this.call(s3.CompleteMultipartUploadCommand, {
      Key,
      UploadId,
      MultipartUpload: { Parts: parts.map(({ number, tag }) => ({ PartNumber: number, ETag: tag })) },
    });
  }
  abort(Key, UploadId) {
    return this.call(s3.AbortMultipartUploadCommand, { Key, UploadId });
  }
  get(Key) {
    return this.call(s3.GetObjectCommand, { Key });
  }
  head(Key) {
    return this.call(s3.HeadObjectCommand, { Key });
  }
  remove(Key) {
    return this.call(s3.DeleteObjectCommand, { Key });
  }
  list(Prefix) {
    return this.call(s3.ListObjectsV2Command, { Prefix });
  }
  listUploads(Prefix) {
    return this.call(s3.ListMultipartUploadsCommand, { Prefix });
  }
  copy(from, Key) {
    return this.call(s3.CopyObjectCommand, { Key, CopySource: `${this.bucket}/${from}` });
  }
  getAcl(Key) {
    return this.call(s3.GetObjectAclCommand, { Key });
  }
  putAcl(Key, ACL) {
    return this.call(s3.PutObjectAclCommand, { Key, ACL });
  }
  // its default is a checksum of the body that it does not have yet
  url(Key, method, expiresIn) {
    const { config } = this.client;
    const client = new s3.S3Client({
      region: config.region,
      credentials: config.credentials,
      endpoint: this.endpoint,
      requestChecksumCalculation: 'WHEN_REQUIRED',
    });
    return getSignedUrl(
      client,
      new (method === 'PUT' ? s3.PutObjectCommand : s3.GetObjectCommand)({ Bucket: this.bucket, Key }),
      { expiresIn },
    );
  }
  tag(Key) {
    return this.call(s3.PutObjectTaggingCommand, { Key, Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } });
  }
  removeMany(keys) {
    return this.call(s3.DeleteObjectsCommand, { Delete: { Objects: keys.map((Key) => ({ Key })) } });
  }
}
/// The bucket in the host, as the SDK does with a host that is no IP address.
export class S3Hosted extends S3 {
  static pointed = ({ port }) => ({ endpoint: `http://localhost:${port}` });
}
export class S3Plain extends S3 {
  static options = { requestChecksumCalculation: 'WHEN_REQUIRED' };
}

export const s3Fault = (error) =>
  error?.$metadata && { status: error.$metadata.httpStatusCode, code: error.Code ?? error.name };
