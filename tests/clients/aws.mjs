// AWS S3: @aws-sdk/client-s3 and lib-storage.
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { createHmac } from 'node:crypto';
import { expect, laterIn, otherHex, xmlCode } from './harness/kit.mjs';
import { S3, S3Hosted, S3Plain, s3Fault } from './s3.mjs';

const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

export default {
  name: 'aws',
  type: 2,
  clients: { 'client-s3': S3, 'client-s3, bucket in the host': S3Hosted, 'client-s3, WHEN_REQUIRED': S3Plain },
  main: 'client-s3',
  fault: s3Fault,
  code: xmlCode,
  smallest: 5 * 1024 * 1024, // part that is not the last
  preflight: [
    'PUT',
    'Authorization',
    'x-amz-date',
    'x-amz-content-sha256',
    'x-amz-security-token',
    'x-amz-user-agent',
    'amz-sdk-request',
    'content-type',
  ],
  exposes: 'ETag',
  signed: {
    token: 'x-amz-security-token',
    prefix: 'x-amz-',
    signature: otherHex,
    date: laterIn('x-amz-date'),
  },
  form: {
    policy: 'Policy',
    signature: 'X-Amz-Signature',
    token: 'X-Amz-Security-Token',
    id: 'X-Amz-Credential',
    extra: { name: 'x-amz-meta-more', refused: true },
    statuses: true,
  },
  resign({ form: { fields }, secretAccessKey }, policy) {
    const text = Buffer.from(typeof policy === 'string' ? policy : JSON.stringify(policy)).toString('base64');
    const scope = fields['X-Amz-Credential'].split('/').slice(1);
    const key = scope.reduce(hmac, `AWS4${secretAccessKey}`);
    return { Policy: text, 'X-Amz-Signature': hmac(key, text).toString('hex') };
  },
  own: (kit) => ({
    'a clock that is an hour off is corrected by the client': async () => {
      const answer = await kit.vend();
      const { client } = new (skewed(3))(answer, kit);
      const bytes = kit.bytes();
      await client.send(put(answer, bytes));
      await kit.stored(answer.relativePath, bytes);
    },
    'refused: a clock that is an hour slow': async () => {
      const answer = await kit.vend();
      await kit.refused(() => new (skewed(1))(answer, kit).put(answer.relativePath, kit.bytes()), {
        keys: [answer.relativePath],
        codes: /^(RequestTimeTooSkewed|AccessDenied|ExpiredToken)$/,
      });
    },
    'refused: another region': async () => {
      const answer = await kit.vend();
      await kit.refused(() => new S3({ ...answer, region: 'mars-1' }, kit).put(answer.relativePath, kit.bytes()), {
        keys: [answer.relativePath],
      });
    },
    'refused: a wrong checksum': async () => {
      const answer = await kit.vend();
      await kit.refused(
        () => new S3(answer, kit).client.send(put(answer, kit.bytes(), { ChecksumCRC32: 'AAAAAA==' })),
        { keys: [answer.relativePath], codes: /^(BadDigest|InvalidRequest|XAmzContentChecksumMismatch)$/ },
      );
    },
    'refused: a wrong Content-MD5': async () => {
      const answer = await kit.vend();
      await kit.refused(
        () => new S3(answer, kit).client.send(put(answer, kit.bytes(), { ContentMD5: '1B2M2Y8AsgTpgAmY7PhCfg==' })),
        { keys: [answer.relativePath], codes: /^BadDigest$/ },
      );
    },
    'refused: tags': async () => {
      const answer = await kit.vend();
      await new S3(answer, kit).put(answer.relativePath, kit.bytes());
      await kit.refused(() => new S3(answer, kit).tag(answer.relativePath), { keys: [answer.relativePath] });
    },
    'refused: delete of many': async () => {
      // S3 answers 200 and names a fault for each key; a store that refuses the whole is right, too
      const errors = await kit.keeps(S3, (client, key) =>
        client.removeMany([key]).then(
          (done) => done.Errors ?? [],
          () => ['refused'],
        ),
      );
      expect(errors.length === 1, 'was allowed');
    },
    'the ETag of a simple upload is the MD5': async () => {
      const answer = await kit.vend();
      const { ETag } = await new S3(answer, kit).put(answer.relativePath, 'hello');
      expect(ETag === '"5d41402abc4b2a76b9719d911017c592"', `ETag ${ETag}`);
    },
    'the ETag of parts ends in their number': async () => {
      const answer = await kit.vend();
      const { ETag } = await new S3(answer, kit).multipart(answer.relativePath, kit.bytes(11 * 1024 * 1024));
      expect(/^"[0-9a-f]{32}-3"$/.test(ETag), `ETag ${ETag}`);
    },
  }),
};

const skewed = (maxAttempts) =>
  class extends S3 {
    static options = { systemClockOffset: -3600e3, maxAttempts };
  };
const put = ({ bucket, relativePath }, Body, more) =>
  new PutObjectCommand({ Bucket: bucket, Key: relativePath, Body, ...more });
