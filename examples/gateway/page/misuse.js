// Five ways to misuse a voucher. Each says what it did and must be refused by the store.

import { post, read, stored } from './requests.js';
import { bytes } from './text.js';
import { endedAt, neighbour, withKey, withPolicyKey } from './voucher.js';

const small = () => new File(['not what the voucher was made for'], 'misuse.txt');

/** Blobs hold references, so this takes no memory of its size. */
function blobOf(size) {
  const block = new Blob([new Uint8Array(1 << 20)]);
  const rest = size % block.size;
  return new File([...Array((size - rest) / block.size).fill(block), block.slice(0, rest)], 'bigger.bin');
}

const short = (path) => `…/${path.split('/').slice(-2).join('/')}`;

/**
 * @returns what to try: `name` is a text's key, `send` does it, `key` is where an object would be, `values` are the text's.
 */
export function attempts(voucher) {
  const other = neighbour(voucher.relativePath);
  const url = `${voucher.bucketEndpoint}/${voucher.relativePath}`;
  const tooMany = voucher.maxSize + 1;
  const past = new Date(Date.now() - 3600e3);
  const posting = (form, file = small()) => (signal) => post(form, file, signal);
  return [
    { name: 'neighbour', key: other, values: { key: short(other) }, send: posting(withKey(voucher, other)) },
    { name: 'read', values: { url: short(url) }, send: (signal) => read(url, signal) },
    { name: 'bigger', values: { bytes: bytes(tooMany) }, send: posting(voucher.form, blobOf(tooMany)) },
    { name: 'changed', key: other, values: { key: short(other) }, send: posting(withPolicyKey(voucher, other)) },
    { name: 'expired', values: { time: past.toISOString().replace(/\.\d+/, '') }, send: posting(endedAt(voucher, past)) },
  ];
}

/** @returns {verdict: 'refused'|'open'|'unknown', said, kept}; `kept`: nothing is stored, where that can be seen. */
export async function attempt(cloud, { key, send }, signal) {
  try {
    const said = await send(signal);
    const kept = key ? (await stored(cloud, key, signal)).status === 404 : undefined;
    return { verdict: said.status >= 400 && kept !== false ? 'refused' : 'open', said, kept };
  } catch (trouble) {
    if (signal.aborted) throw trouble;
    return { verdict: 'unknown', trouble };
  }
}
