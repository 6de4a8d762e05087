// KSyun KS3: npm ks3 (puts only: it has no place for a token but extra headers), and AWS's SDK on KS3's S3 side.
import KS3 from 'ks3';
import { createHmac } from 'node:crypto';
import { xmlCode } from './harness/kit.mjs';
import { S3, S3Hosted, s3Fault } from './s3.mjs';

class Compatible extends S3 {
  static options = { requestChecksumCalculation: 'WHEN_REQUIRED' };
}
class CompatibleHosted extends S3Hosted {
  static options = { requestChecksumCalculation: 'WHEN_REQUIRED' };
}
class Own {
  static mistakes = /'/g; // goes out as %27, and is signed as it is
  static acl = true;
  constructor({ accessKeyId, secretAccessKey, securityToken, bucket }, { port }) {
    this.headers = securityToken ? { 'x-kss-security-token': securityToken } : {};
    this.client = new KS3(accessKeyId, secretAccessKey, bucket);
    this.client.config({ baseUrl: `localhost:${port}`, protocol: 'http' });
  }
  put(Key, Body, { bucket, acl } = {}) {
    return new Promise((resolve, reject) =>
      this.client.object.put(
        { Key, Body, Bucket: bucket, ACL: acl },
        (error, data, response) => {
          if (!error) return resolve(response);
          reject(
            Object.assign(new Error(`${error.code} ${data}`), {
              ks3: { status: error.code, code: xmlCode(data), text: data },
            }),
          );
        },
        { ...this.headers },
      ),
    );
  }
}

export default {
  name: 'ksyun',
  type: 7,
  clients: { ks3: Own, 'client-s3': Compatible, 'client-s3, bucket in the host': CompatibleHosted },
  main: 'client-s3',
  fault: (error) => error?.ks3 ?? s3Fault(error),
  code: xmlCode,
  smallest: 5 * 1024 * 1024, // part that is not the last
  preflight: ['PUT', 'x-kss-acl', 'Authorization', 'x-kss-date', 'x-kss-security-token', 'content-type'],
  exposes: 'ETag',
  signed: {
    by: 'ks3',
    token: 'x-kss-security-token',
    prefix: 'x-kss-',
    signature: (text) => text.replace(/(KSS [^:]*:.)(.)/, (_, begin, one) => begin + (one === 'A' ? 'B' : 'A')),
    date: (request) => ({
      ...request,
      headers: { ...request.headers, date: new Date(Date.parse(request.headers.date) + 61e3).toUTCString() },
    }),
    // KSS signs neither the body nor its length
    not: ['a body that is another than signed', 'a body that is longer than signed'],
  },
  form: {
    policy: 'Policy',
    signature: 'Signature',
    token: 'x-kss-security-token',
    id: 'KSSAccessKeyId',
    extra: { name: 'x-kss-meta-more', refused: true },
    counted: 8192, // the other fields count as well
    statuses: true,
  },
  resign({ secretAccessKey }, policy) {
    const text = Buffer.from(typeof policy === 'string' ? policy : JSON.stringify(policy)).toString('base64');
    return { Policy: text, Signature: createHmac('sha1', secretAccessKey).update(text).digest('base64') };
  },
  own: (kit) => ({
    'refused: ks3: the neighbour, another secret, no token': async () => {
      const [answer, other] = [await kit.vend(), await kit.vend()];
      const keys = [answer.relativePath, other.relativePath];
      await kit.refused(() => new Own(answer, kit).put(other.relativePath, kit.bytes()), { keys });
      await kit.refused(
        () => new Own({ ...answer, secretAccessKey: other.secretAccessKey }, kit).put(answer.relativePath, kit.bytes()),
        { keys },
      );
      await kit.refused(() => new Own({ ...answer, securityToken: '' }, kit).put(answer.relativePath, kit.bytes()), {
        keys,
      });
      await kit.refused(() => new Own(answer, kit).put(answer.relativePath, kit.bytes(), { acl: 'public-read' }), {
        keys,
      });
    },
    'refused: ks3 without a token: read, list, delete': async () => {
      const answer = await kit.vend();
      const own = new Own(answer, kit);
      await own.put(answer.relativePath, kit.bytes());
      for (const operation of ['get', 'del', 'head', 'getAcl'])
        await kit.refused(
          () =>
            new Promise((resolve, reject) =>
              own.client.object[operation]({ Key: answer.relativePath }, (error, data) =>
                error
                  ? reject(
                      Object.assign(new Error(operation), {
                        ks3: { status: error.code, code: xmlCode(data), text: String(data) },
                      }),
                    )
                  : resolve(),
              ),
            ),
          { keys: [answer.relativePath], bare: operation === 'head' },
        );
    },
    'refused: a clock that is an hour slow': async () => {
      const answer = await kit.vend();
      const slow = class extends Compatible {
        static options = { ...Compatible.options, systemClockOffset: -3600e3 };
      };
      await kit.refused(() => new slow(answer, kit).put(answer.relativePath, kit.bytes()), {
        keys: [answer.relativePath],
        codes: /^(RequestTimeTooSkewed|AccessDenied|RequestExpired|ExpiredToken)$/,
      });
    },
    'refused: another region': async () => {
      const answer = await kit.vend();
      await kit.refused(
        () => new Compatible({ ...answer, region: 'MARS' }, kit).put(answer.relativePath, kit.bytes()),
        { keys: [answer.relativePath] },
      );
    },
  }),
};
