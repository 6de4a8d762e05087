// The gateway in its sandbox: start it, ask it for credentials, look at what its stores hold.
import { spawn } from 'node:child_process';
import https from 'node:https';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program =
  process.env.VALETKEY_GATEWAY ?? fileURLToPath(new URL('../../../build/bin/valetkey-gateway', import.meta.url));

export class Gateway {
  /// Resolves when the gateway says that it is ready; before that it has named its token and its stores.
  static start() {
    return new Promise((resolve, reject) => {
      const gateway = new Gateway();
      const child = spawn(program, ['--sandbox', '--listen', '127.0.0.1:0'], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error('not ready within 30 s'));
      }, 30000);
      child.stderr.on('data', (text) => (gateway.log = (gateway.log + text).slice(-2000)));
      child.on('error', reject);
      gateway.ended = new Promise((ended) =>
        child.on('exit', (code, signal) => ended((gateway.status = signal ?? code))),
      );
      gateway.ended.then((status) => reject(new Error(`ended with ${status}: ${gateway.log.trim()}`)));
      createInterface(child.stdout).on('line', (line) => {
        const [, what, rest] = /^valetkey-gateway: (token|sandbox|ready on) (.*)$/.exec(line) ?? [];
        if (what === 'token') gateway.token = rest;
        if (what === 'sandbox') {
          const [name, url, bucket] = rest.split(' ');
          gateway.stores.set(name, { port: Number(new URL(url).port), bucket });
        }
        if (what === 'ready on') {
          gateway.url = new URL(rest);
          clearTimeout(timer);
          gateway.token ? resolve(gateway) : reject(new Error('ready without a token'));
        }
      });
      gateway.child = child;
      process.once('exit', () => child.kill('SIGKILL')); // does nothing to one that has ended
    });
  }

  stores = new Map();
  log = ''; // the end of its standard error
  status; // once it has ended
  #agent = new https.Agent({ rejectUnauthorized: false, keepAlive: true }); // its certificate is its own

  /// An answer's `data` for these request fields.
  async vend(fields) {
    const body = JSON.stringify({ extension: 'bin', isNeedCallback: 0, uploadModule: 'resource_video', ...fields });
    const reply = await this.#ask('POST', '/upload/sts/info', { 'Content-Type': 'application/json' }, body);
    if (reply.status !== 200) throw new Error(`vend ${body}: ${reply.status} ${reply.body}`);
    return JSON.parse(reply.body).data;
  }

  /// The bytes of an object, null when there is none.
  async object(cloud, key) {
    const path = `/sandbox/objects/${cloud}/${key.split('/').map(encodeURIComponent).join('/')}`;
    const reply = await this.#ask('GET', path);
    if (reply.status === 404) return null;
    if (reply.status !== 200) throw new Error(`GET ${path}: ${reply.status} ${reply.body}`);
    return reply.body;
  }

  async stop() {
    this.#agent.destroy();
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 15000);
    const status = await this.ended;
    clearTimeout(timer);
    return status;
  }

  #ask(method, path, headers = {}, body = '') {
    return new Promise((resolve, reject) => {
      const request = https.request(
        {
          host: this.url.hostname,
          port: this.url.port,
          method,
          path,
          agent: this.#agent,
          headers: {
            Authorization: `Bearer ${this.token}`,
            'Content-Length': Buffer.byteLength(body),
            ...headers,
          },
        },
        (response) => {
          const chunks = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(chunks) }));
          response.on('error', reject);
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }
}
