// Reading a voucher, hiding its secrets, and forging it.

const decode = (base64) => new TextDecoder().decode(
  Uint8Array.from(atob(base64.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0)));

function encode(text, urlSafe) {
  const base64 = btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  return urlSafe ? base64.replace(/\+/g, '-').replace(/\//g, '_') : base64;
}

const hide = (secret) => `${secret.slice(0, 4)}•••••••• (${secret.length})`;

/** The answer as text. The policy is cut, because it holds the token; it stands decoded beside this. */
export function maskedAnswer(voucher) {
  const mask = masked(voucher);
  const short = `${voucher.policy.slice(0, 16)}… (${voucher.policy.length})`;
  return JSON.stringify(voucher, (name, value) => (value === voucher.policy ? short : mask(name, value)), 2);
}

/** The form policy as text, a condition a line. Qiniu's is a put policy in URL-safe base64. */
export function policyText(voucher) {
  const policy = JSON.parse(decode(voucher.policy), masked(voucher));
  const member = ([name, value]) => `  "${name}": ${Array.isArray(value) ? list(value) : JSON.stringify(value)}`;
  const list = (values) => `[\n    ${values.map((value) => JSON.stringify(value)).join(',\n    ')}\n  ]`;
  return `{\n${Object.entries(policy).map(member).join(',\n')}\n}`;
}

/** What a session policy allows and denies, however the vendor spells it. @returns {allowed: […], denied: […]} */
export function rights(policy) {
  const found = { allowed: [], denied: [] };
  for (const entry of [policy.Statement ?? policy.statement ?? policy.accessControlList].flat()) {
    const list = /deny/i.test(entry.Effect ?? entry.effect) ? found.denied : found.allowed;
    list.push(...[entry.Action ?? entry.action ?? entry.permission].flat());
  }
  return found;
}

/** A text without the voucher's secrets: some stores send back what they were sent. */
export function maskedText({ secretAccessKey, securityToken, signature }, text) {
  const secrets = [securityToken, secretAccessKey, signature].filter(Boolean); // the token first: it may hold the signature
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, () => hide(secret)), text);
}

/** The same for JSON's `parse` and `stringify`. */
const masked = (voucher) => (_, value) => (typeof value === 'string' ? maskedText(voucher, value) : value);

export const neighbour = (key) => key.replace(/[^/.]+(?=\.\w+$)/, 'neighbour');

/** The form with another key, all else as it was vended. */
export const withKey = ({ form }, key) => ({ ...form, fields: { ...form.fields, key } });

/** The form with a changed policy: `change` takes and gives the policy's text; the signature stays. */
function resealed(voucher, change) {
  const policy = encode(change(decode(voucher.policy)), voucher.securityToken.endsWith(voucher.policy));
  const fields = Object.entries(voucher.form.fields).map(([name, value]) => [name, value.replace(voucher.policy, policy)]);
  return { ...voucher.form, fields: Object.fromEntries(fields) };
}

export function withPolicyKey(voucher, key) {
  const form = resealed(voucher, (text) => text.replaceAll(voucher.relativePath, key));
  return { ...form, fields: { ...form.fields, key } };
}

/** Every date that says when the voucher ends, set to `end` (Date). */
export function endedAt(voucher, end) {
  const seconds = Math.floor(end / 1000);
  const period = /\d{10};\d{10}/; // COS says it once more: in the policy and as a field
  const stale = `${seconds - 900};${seconds}`;
  const form = resealed(voucher, (text) => text
    .replace(/("expiration":")[\dT:-]+((?:\.\d+)?Z")/, (_, head, tail) => head + end.toISOString().slice(0, 19) + tail)
    .replace(/("deadline":)\d+/, (_, head) => head + seconds)
    .replace(period, stale));
  const fields = Object.entries(form.fields).map(([name, value]) => [name, value.replace(period, stale)]);
  return { ...form, fields: Object.fromEntries(fields) };
}
