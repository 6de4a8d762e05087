// What goes over the wire: to the gateway with the token, to the stores without it.

/** Why something failed, as a text's key and its values, so that it can be said in either language. */
export class Trouble extends Error {
  constructor(key, values) {
    super(key);
    this.key = key;
    this.values = values;
  }
}

const token = document.querySelector('meta[name=valetkey-token]').content;

async function gateway(path, options, receive = (response) => response) {
  const headers = { Authorization: `Bearer ${token}`, ...options.headers };
  try {
    return await receive(await fetch(path, { cache: 'no-store', ...options, headers }));
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Trouble('gatewaySilent');
  }
}

/** @returns the answer's `data`. */
export async function vend(wish, signal) {
  const response = await gateway('/upload/sts/info', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(wish),
    signal,
  });
  const { status } = response;
  if (status === 401) throw new Trouble('tokenOld');
  const answer = await response.json().catch(() => null);
  signal.throwIfAborted();
  if (answer?.code === 0 && answer.data?.form) return answer.data;
  if (!answer?.enMsg) throw new Trouble('gatewayOdd', { status });
  throw new Trouble('gatewayRefused', { status, code: String(answer.code), reason: { en: answer.enMsg, zh: answer.msg } });
}

/** Posts the fields, then the file. XMLHttpRequest, because fetch tells nothing of an upload's progress. */
export async function post({ url, fields, fileField }, file, signal, progress) {
  signal.throwIfAborted();
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append(fileField, file);
  return new Promise((resolve, reject) => {
    const send = new XMLHttpRequest();
    const abort = () => send.abort();
    if (progress) send.upload.onprogress = ({ loaded, total }) => total && progress((100 * loaded) / total);
    send.onload = () => resolve({
      status: send.status,
      etag: /^etag:\s*(.*?)\s*$/im.exec(send.getAllResponseHeaders())?.[1] ?? '',
      body: send.responseText,
    });
    send.onerror = () => reject(new Trouble('storeSilent'));
    send.onabort = () => reject(new DOMException('cancelled', 'AbortError'));
    send.onloadend = () => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort);
    send.open('POST', url);
    send.send(form);
  });
}

/** An unsigned GET from a store. */
export async function read(url, signal) {
  try {
    const response = await fetch(url, { cache: 'no-store', credentials: 'omit', signal });
    return { status: response.status, body: await response.text() };
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Trouble('storeSilent');
  }
}

/** What the sandbox's store holds, by the gateway's own door. */
export async function stored(cloud, key, signal) {
  return gateway(`/sandbox/objects/${cloud}/${key}`, { signal }, async (response) => ({
    status: response.status,
    content: response.ok ? new Uint8Array(await response.arrayBuffer()) : null,
  }));
}

/** The session policy that the sandbox's store reads in a token; null where it tells none. */
export async function sessionPolicy(cloud, securityToken, signal) {
  const path = `/sandbox/policies/${cloud}/${encodeURIComponent(securityToken)}`;
  return gateway(path, { signal }, (response) => (response.ok ? response.json() : null));
}

/** Where a store cannot call back itself, the client confirms. @returns the status, or null when it is not this gateway. */
export async function confirm({ callbackUrl, callbackBody, callbackBodyType }, signal) {
  const url = new URL(callbackUrl);
  if (url.port !== location.port) return null;
  const response = await gateway(url.pathname + url.search, {
    method: 'POST',
    headers: { 'Content-Type': callbackBodyType },
    body: callbackBody,
    signal,
  });
  return response.status;
}

/** The vendor's own code and message: JSON for BOS and Qiniu, XML elsewhere. */
export function vendorError({ status, body }) {
  const { code, message } = /^\s*\{/.test(body) ? jsonError(body) : xmlError(body);
  return {
    code: code === String(status) ? '' : code, // Qiniu has no other
    message: message.length > 200 ? `${message.slice(0, 200)}…` : message,
  };
}

function jsonError(body) {
  try {
    const { code, message, error } = JSON.parse(body);
    const text = String(message ?? error ?? '');
    return { code: String(code ?? ''), message: text.startsWith('{') ? jsonError(text).message : text };
  } catch {
    return { code: '', message: body };
  }
}

// Not a DOMParser: it reports what is not well-formed with inline styles, which this page's policy forbids.
function xmlError(body) {
  const plain = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  const text = (name) => (new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1] ?? '')
    .replace(/&(lt|gt|quot|apos|amp);/g, (_, entity) => plain[entity]);
  return { code: text('Code'), message: text('Message') };
}
