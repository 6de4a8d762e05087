// Requests by plain node:http, and what the vendors' clients send: caught, altered, sent on.
import dns from 'node:dns';
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

// A browser takes every *.localhost to loopback; the resolver of a bare Debian does not know them.
const lookup = dns.lookup;
dns.lookup = (name, options, done) => {
  const [how, tell] = typeof options === 'function' ? [{}, options] : [options ?? {}, done];
  if (!/(^|\.)localhost\.?$/.test(name)) return lookup(name, how, tell);
  process.nextTick(tell, null, how.all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4);
};

const plain = http.request;
let catcher; // the port of the server that catches instead of the store

http.request = function (...given) {
  if (catcher === undefined) return plain.apply(this, given);
  const port = catcher;
  const options = given.find((one) => one && typeof one === 'object' && !(one instanceof URL));
  // without an agent the request opens a connection of its own, to where we want it
  const moved = { ...options, agent: undefined, createConnection: () => net.connect(port, '127.0.0.1') };
  return plain.apply(
    this,
    options ? given.map((one) => (one === options ? moved : one)) : [given[0], moved, ...given.slice(1)],
  );
};
http.get = (...given) => {
  const request = http.request(...given);
  request.end();
  return request;
};
syncBuiltinESMExports();

/// The first request that a client sends while `run` runs; no store sees it.
export async function caught(run) {
  let seen;
  const server = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      seen ??= {
        method: request.method,
        path: request.url,
        headers: unframed(request.headers),
        body: Buffer.concat(chunks),
      };
      response.writeHead(200, { ETag: '"0123456789abcdef0123456789abcdef"', Connection: 'close' }).end();
    });
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  catcher = server.address().port;
  try {
    await run().catch(() => {}); // the catcher's answer need not please the client
  } finally {
    catcher = undefined;
    server.close();
    server.closeAllConnections();
  }
  if (!seen) throw new Error('the client sent nothing');
  return seen;
}

function unframed({ connection, expect, 'transfer-encoding': chunked, ...kept }) {
  return kept;
}

/// @param request {method, path, headers, body}; `announce` is a Content-Length whose body never comes, `cut` ends the
/// connection after the body that there is.
export function send(port, { method, path, headers = {}, body = '', announce, cut }) {
  return new Promise((resolve, reject) => {
    const length = announce ?? (method === 'GET' || method === 'HEAD' ? undefined : Buffer.byteLength(body));
    const named = Object.keys(headers).find((name) => name.toLowerCase() === 'content-length');
    const sent = { ...headers, ...(length === undefined ? {} : { [named ?? 'Content-Length']: length }) };
    const request = plain({ host: '127.0.0.1', port, method, path, headers: sent, agent: false }, (response) => {
      const chunks = [];
      const done = () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        });
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', done);
      response.on('error', done);
      if (announce !== undefined) response.on('end', () => request.destroy());
    });
    // a store that has answered may close while we still send
    request.on('error', (error) => (request.res ? undefined : cut ? resolve(null) : reject(error)));
    if (announce === undefined) return request.end(body);
    if (cut) return request.write(body, () => setTimeout(() => request.destroy(), 100));
    request.flushHeaders();
    setTimeout(
      () => request.destroy(new Error('no answer within 5 s to a body that was only announced')),
      5000,
    ).unref();
  });
}

/// multipart/form-data. Entries are [name, value] and [name, bytes, file name], in this order.
export function multipart(entries) {
  const boundary = '----valetkey-checks-5d1f0a7c';
  const parts = entries.flatMap(([name, value, file]) => [
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`,
    file === undefined ? '\r\n\r\n' : `; filename="${file}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
    value,
    '\r\n',
  ]);
  const body = Buffer.concat([...parts, `--${boundary}--\r\n`].map((part) => Buffer.from(part)));
  return { headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` }, body };
}
