// Starts the sandbox, runs the checks of each cloud, counts.
import { Gateway } from './harness/gateway.mjs';
import { Kit } from './harness/kit.mjs';
import { checksOf } from './checks/index.mjs';

const names = ['aws', 'aliyun', 'tencent', 'baidu', 'huawei', 'ksyun', 'qiniu'];
const seconds = 60; // of one check

const given = process.argv.slice(2);
const verbose = given[0] === '-v';
const wanted = verbose ? given.slice(1) : given;
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length) {
  console.error(`unknown cloud: ${unknown.join(' ')} (there are ${names.join(' ')})`);
  process.exit(2);
}
const only = new RegExp(process.env.VALETKEY_CHECK ?? '');

// A client that leaves a rejected promise behind has told its caller already.
process.on('unhandledRejection', () => {});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
// The vendors' clients write to the console what they also return.
const say = console.log.bind(console);
for (const voice of ['log', 'info', 'warn', 'error', 'debug']) console[voice] = () => {};

const within = (promise) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

let passed = 0;
let failed = 0;
function count(cloud, what, error) {
  if (!error) return ++passed;
  say(`FAIL ${cloud}: ${what}: ${String(error.message ?? error).replace(/\s+/g, ' ')}`);
  if (verbose && error.stack) say(error.stack);
  return ++failed;
}

/// Everything of one cloud, on a gateway of its own: a sandbox holds 1 GiB of objects.
async function runCloud(name) {
  const gateway = await Gateway.start();
  try {
    if (!gateway.stores.has(name)) throw new Error('the gateway names no sandbox for it');
    const { default: cloud } = await import(`./${name}.mjs`);
    const kit = new Kit(gateway, cloud);
    for (const [what, run] of checksOf(cloud, kit)) {
      if (!only.test(what)) continue;
      if (gateway.status !== undefined) break; // said below
      await within(run()).then(
        () => (count(name, what), verbose && say(`ok   ${name}: ${what}`)),
        (error) => count(name, what, error ?? new Error('failed')),
      );
    }
    kit.close();
  } finally {
    const status = await gateway.stop();
    if (status !== 0) count(name, 'the gateway', `ended with ${status}: ${gateway.log.trim().slice(-500)}`);
  }
}

for (const name of wanted.length ? wanted : names) {
  const [before, began] = [[passed, failed], Date.now()];
  await runCloud(name).catch((error) => count(name, 'the gateway', error));
  const took = Math.round((Date.now() - began) / 1000);
  say(`${name}: ${passed - before[0]} passed, ${failed - before[1]} failed [${took} s]`);
}
say(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
