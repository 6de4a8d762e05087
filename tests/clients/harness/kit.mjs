// What a check works with: one cloud's store, fresh answers, bytes, and the two statements "stored" and "refused".
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { send } from './wire.mjs';

export const MiB = 1024 * 1024;
export const md5 = (bytes, as = 'hex') => createHash('md5').update(bytes).digest(as);

/// The same text with one character changed. In the middle: the last one of base64 holds bits that mean nothing.
export const altered = (text) => {
  const at = Math.floor(text.length / 2);
  return text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1);
};
/// A hex signature with another last digit.
export const otherHex = (text) => text.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
/// A time that ends in seconds and `Z`, a second off.
export const later = (time) => time.replace(/\d\dZ$/, (seconds) => (seconds === '00Z' ? '01Z' : '00Z'));
/// The request with another time in that header.
export const laterIn = (header) => (request) => ({
  ...request,
  headers: { ...request.headers, [header]: later(request.headers[header]) },
});
export const parent = (key) => key.replace(/\/[^/]*$/, '');
/// Another file in the folder of this one.
export const neighbour = (key) => key.replace(/[^/]*$/, 'neighbour.bin');

export function expect(fact, otherwise) {
  if (!fact) throw new Error(otherwise);
}

/// `after`; a check that alters nothing would say nothing.
export function changed(before, after, meant = true) {
  expect(!meant || JSON.stringify(before) !== JSON.stringify(after), 'the check altered nothing');
  return after;
}

export class Kit {
  constructor(gateway, cloud) {
    this.gateway = gateway;
    this.cloud = cloud;
    Object.assign(this, gateway.stores.get(cloud.name)); // port, bucket
    this.hosted = `${this.bucket}.localhost:${this.port}`;
  }
  close() {
    if (this.folder) rmSync(this.folder, { recursive: true });
  }

  vend(fields = {}) {
    return this.gateway.vend({ type: this.cloud.type, ...fields });
  }
  object(key) {
    return this.gateway.object(this.cloud.name, key);
  }
  bytes(size = 1000) {
    return randomBytes(size);
  }
  /// A file that holds these bytes, for clients that read files only.
  file(bytes) {
    this.folder ??= mkdtempSync(join(tmpdir(), 'valetkey-clients-'));
    const path = join(this.folder, `${md5(bytes)}.bin`);
    writeFileSync(path, bytes);
    return path;
  }
  send(request) {
    return send(this.port, request);
  }

  async stored(key, bytes) {
    const found = await this.object(key);
    expect(found, `${key} is not stored`);
    expect(found.equals(bytes), `${key} holds ${found.length} bytes other than the ${bytes.length} sent`);
  }

  /// `run` must end in the store's refusal, in the vendor's format, and leave these objects as they are.
  /// It may throw the client's error or return a reply of `send`.
  /// An upload below a prefix, and then `removeMany(client, key, answer)`: the file stays, whatever the client was told.
  /// @returns what `removeMany` gave.
  async keeps(Client, removeMany) {
    const answer = await this.vend({ isDir: 1 });
    const key = `${answer.relativePath}one.bin`;
    const client = new Client(answer, this);
    await client.put(key, this.bytes());
    const said = await removeMany(client, key, answer);
    expect(await this.object(key), `${key} is gone`);
    return said;
  }
  async refused(run, { keys = [], bare = false, codes } = {}) {
    const before = await Promise.all(keys.map((key) => this.object(key)));
    const { status, code, text } = await run().then(
      (reply) => this.#refusal(reply),
      (error) => this.#fault(error),
    );
    const after = await Promise.all(keys.map((key) => this.object(key)));
    for (const [at, key] of keys.entries()) {
      const same = before[at] === null ? after[at] === null : after[at]?.equals(before[at]);
      expect(
        same,
        `refused with ${status} ${code}, but ${key} is now ${after[at] === null ? 'gone' : `${after[at].length} bytes`}`,
      );
    }
    expect(this.cloud.refusals?.(status) ?? (status >= 400 && status < 500), `refused with status ${status} ${code}`);
    if (bare) return { status, code };
    expect(
      typeof code === 'string' && code !== '' && code !== String(status),
      `status ${status} without the vendor's code: ${text ?? code}`,
    );
    if (codes) expect(codes.test(code), `status ${status} with the code ${code} instead of ${codes}`);
    return { status, code };
  }
  #refusal(reply) {
    expect(reply?.status, 'was allowed');
    expect(reply.status >= 400, `was allowed with ${reply.status}`);
    return { status: reply.status, code: this.cloud.code(reply.body), text: reply.body.slice(0, 300) };
  }
  #fault(error) {
    const fault = this.cloud.fault(error);
    expect(fault?.status > 0, `no refusal of the store but ${error?.stack ?? JSON.stringify(error)}`);
    return fault;
  }
}

/// The code in an error document of the S3 family.
export const xmlCode = (body) => {
  const text = String(body);
  return /^\s*(<\?xml[^>]*\?>)?\s*<Error\b/.test(text) && /<Message>[^<]+<\/Message>/.test(text)
    ? /<Code>([^<]+)<\/Code>/.exec(text)?.[1]
    : undefined;
};
