// The page: what the user chooses, what happens, and how it is shown. All that is shown is drawn from `state`, so that
// a change of language draws it again.

import { clientLines, clouds, plainLines } from './clouds.js';
import { attempt, attempts } from './misuse.js';
import { Trouble, confirm, post, sessionPolicy, stored, vend, vendorError } from './requests.js';
import { bytes, inLanguage, otherLanguage, speak, switchLanguage, t } from './text.js';
import { maskedAnswer, maskedText, policyText, rights } from './voucher.js';

const modules = ['resource_image', 'resource_video', 'bs_project', 'app_project', 'material_template', 'directorytemp'];
const $ = (id) => document.getElementById(id);

const state = {
  file: null,
  status: ['idle', 'idle'],        // kind, text's key, its values
  steps: {},                       // vend, send, compare: running, done or failed
  run: null,                       // the last upload: {cloud, wish, file, voucher and its texts, said, compared, …}
  tried: [],                       // attempts at misuse, each with its outcome
  misuse: ['idle', ''],
  busy: null,                      // AbortController of what is going on
  trying: false,                   // ... which is the misuse
};

// --- what the user chooses

const uuid = crypto.randomUUID();

function wish() {
  const module = $('module').value;
  const extension = /\.([A-Za-z0-9]{1,16})$/.exec(state.file?.name ?? 'file.bin')?.[1] ?? 'bin';
  return {
    type: clouds[$('cloud').value].type,
    extension,
    uploadModule: module,
    isNeedCallback: $('callback').checked ? 1 : 0,
    platform: 'web',
    grant: $('grant').value,
    ...(module === 'bs_project' && { projectId: 8357 }),
    ...(module === 'material_template' && { uuid }),
  };
}

function choose(file) {
  state.file = file ?? null;
  draw();
}

// --- what happens

/** Runs one thing at a time, which Cancel can end. Nothing escapes: `failed` and `cancelled` say what became of it. */
async function alone(work, failed, cancelled) {
  const busy = new AbortController();
  state.busy = busy;
  draw();
  try {
    await work(busy.signal);
  } catch (error) {
    if (busy.signal.aborted) cancelled();
    else failed(error instanceof Trouble ? error : new Trouble('unexpected', { reason: error.message }));
  }
  state.busy = null;
  draw();
}

async function getVoucher(run, signal) {
  const voucher = await vend(run.wish, signal);
  const session = voucher.secretAccessKey ? await sessionPolicy(run.cloud, voucher.securityToken, signal) : null;
  const texts = { answer: maskedAnswer(voucher), policy: policyText(voucher) };
  Object.assign(run, { voucher, at: performance.now(), session, rights: session && rights(session), ...texts });
}

function upload(cloud, asked, file) {
  const run = { cloud, wish: asked, file };
  Object.assign(state, { run, steps: {}, tried: [], misuse: ['idle', ''] });
  showProgress(0);
  const name = clouds[cloud].name;
  const step = (now, before, ...status) => {
    if (before) state.steps[before] = 'done';
    state.steps[now] = 'running';
    state.status = ['running', ...status];
    draw();
  };
  const work = async (signal) => {
    step('vend', null, 'vending');
    await getVoucher(run, signal);
    const { maxSize } = run.voucher;
    if (file.size > maxSize) throw new Trouble('tooBig', { bytes: bytes(file.size), limit: bytes(maxSize) });
    // Read first: a file that cannot be read looks like a broken connection to XMLHttpRequest.
    const content = new Uint8Array(await file.arrayBuffer().catch(() => { throw new Trouble('unreadable'); }));

    step('send', 'vend', 'sending', { name: file.name, cloud: name });
    run.said = withoutSecrets(run, await post(run.voucher.form, file, signal, showProgress));
    if (run.said.status < 200 || run.said.status > 299) {
      throw new Trouble(asked.isNeedCallback ? 'callbackRefused' : 'storeRefused', { said: refusal(run.said) });
    }
    showProgress(100);
    const { callbackInfo } = run.voucher;
    if (callbackInfo && cloud === 'aws') run.confirmed = await confirm(callbackInfo, signal);

    step('compare', 'send', 'comparing', { cloud: name });
    const { status, content: there } = await stored(cloud, run.voucher.relativePath, signal);
    if (!there) throw new Trouble('notStored', { status });
    if (!equal(content, there)) throw new Trouble('otherBytes', { count: there.length, bytes: bytes(content.length) });
    run.compared = there.length;
    state.steps.compare = 'done';
    const values = { name: file.name, cloud: name, bytes: bytes(there.length) };
    state.status = ['succeeded', run.said.status === 203 ? 'succeededCallbackFailed' : 'succeeded', values];
  };
  const stop = (kind, ...status) => {
    for (const [at, how] of Object.entries(state.steps)) if (how === 'running') state.steps[at] = 'failed';
    state.status = [kind, ...status];
  };
  const failed = (trouble) => stop('failed', 'failed', { reason: trouble });
  return keepFocus(alone(work, failed, () => stop('cancelled', 'cancelled')));
}

/** A disabled button loses the keyboard's focus: Cancel holds it meanwhile. */
async function keepFocus(done) {
  $('cancel').focus({ preventScroll: true });
  await done;
  const next = $('retry').disabled ? 'upload' : 'retry';
  if ([$('cancel'), document.body].includes(document.activeElement)) $(next).focus({ preventScroll: true });
}

const withoutSecrets = ({ voucher }, said) => ({ ...said, body: maskedText(voucher, said.body) });
const equal = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

async function misuse() {
  const { run } = state;
  state.tried = [];
  state.trying = true;
  const work = async (signal) => {
    const left = run.voucher.expiredTime - run.voucher.serverTime - (performance.now() - run.at) / 1000;
    if (left < 30) await getVoucher(run, signal); // an expired one would be refused whatever is tried
    const all = attempts(run.voucher);
    for (const one of all) {
      const row = { ...one, verdict: 'running' };
      state.tried.push(row);
      state.misuse = ['running', 'misuseRunning', { number: state.tried.length, count: all.length }];
      draw();
      Object.assign(row, await attempt(run.cloud, one, signal));
      if (row.said) row.said = withoutSecrets(run, row.said);
    }
    const open = state.tried.filter(({ verdict }) => verdict !== 'refused').length;
    state.misuse = open
      ? ['failed', 'misuseOpen', { count: open, all: all.length }]
      : ['succeeded', 'misuseRefused', { count: all.length }];
  };
  const stop = (...status) => {
    state.tried = state.tried.filter(({ verdict }) => verdict !== 'running');
    state.misuse = status;
  };
  const failed = (trouble) => stop('failed', 'misuseFailed', { reason: trouble });
  await alone(work, failed, () => stop('cancelled', 'misuseCancelled'));
  state.trying = false;
  draw();
}

// --- how it is shown

function showProgress(percent) {
  $('progress').value = percent;
  $('percent').textContent = `${Math.floor(percent)} %`;
}

/** An element with text and children; nothing is ever parsed as HTML. */
function make(tag, { text, children = [], ...properties } = {}) {
  const element = Object.assign(document.createElement(tag), properties);
  if (text !== undefined) element.textContent = text;
  element.append(...children);
  return element;
}

const table = (rows) => make('table', {
  children: rows.map(([head, value]) => make('tr', {
    children: [make('th', { scope: 'row', text: head }), make('td', { children: [value] })],
  })),
});

function refusal(said) {
  const { code, message } = vendorError(said);
  return [`HTTP ${said.status}`, code, message].filter(Boolean).join(' · ');
}

const inSize = (count) => (count && count % (1 << 20) === 0 ? `${count >> 20} MiB` : bytes(count));

function drawOptions(select, names) {
  const { value } = select;
  select.replaceChildren(...names.map(([option, text]) => make('option', { value: option, text })));
  if (value) select.value = value;
}

function drawChoices() {
  drawOptions($('cloud'), Object.entries(clouds).map(([id, { name }]) => [id, inLanguage(name)]));
  drawOptions($('module'), modules.map((id) => [id, t(id)]));
  $('progress').setAttribute('aria-label', t('progress'));
  const { lang, name } = otherLanguage();
  Object.assign($('language'), { lang, textContent: name });
}

function drawSession({ voucher, session, rights: has }) {
  $('session').hidden = !session;
  if (!voucher.secretAccessKey) return $('scope').replaceChildren(make('p', { text: t('noSession') }));
  $('session').textContent = JSON.stringify(session, null, 2);
  const code = (text) => make('code', { text });
  const list = (names) => make('ul', { children: names.map((name) => make('li', { children: [code(name)] })) });
  const rows = [[t('bucket'), code(voucher.bucket)], [t('key'), code(voucher.relativePath)]];
  if (has?.allowed.length) rows.push([t('actions'), list(has.allowed)]);
  if (has?.denied.length) rows.push([t('denied'), list(has.denied)]);
  const count = Math.round((voucher.expiredTime - voucher.serverTime) / 60);
  rows.push([t('until'), t('minutes', { time: voucher.expiration, count })], [t('size'), t('sizeNote')]);
  return $('scope').replaceChildren(table(rows));
}

function drawRun() {
  const { run } = state;
  $('answer').hidden = $('rights').hidden = !run?.voucher;
  $('store').hidden = !run?.said;
  if (run?.voucher) {
    const { voucher } = run;
    $('asked').textContent = JSON.stringify(run.wish);
    $('answer-text').textContent = run.answer;
    $('policy').textContent = run.policy;
    $('policy-note').textContent = t('policyNote', { limit: inSize(voucher.maxSize), time: voucher.expiration });
    drawSession(run);
  }
  if (run?.said) {
    const { said } = run;
    const rows = [
      [t('status'), `HTTP ${said.status}`],
      [t('etag'), said.etag ? make('code', { text: said.etag }) : t('noEtag')],
      [t('body'), said.body ? make('pre', { text: said.body, tabIndex: 0 }) : t('emptyBody')],
    ];
    if (run.confirmed) rows.push([t('confirmed'), `HTTP ${run.confirmed}`]);
    if (run.wish.isNeedCallback && clouds[run.cloud].formCallsNobody) rows.push([t('calledBack'), t('noFormCallback')]);
    if (run.compared) rows.push([t('compared'), t('same', { bytes: bytes(run.compared) })]);
    $('store-said').replaceChildren(table(rows));
  }
}

function drawAttempts() {
  $('attempts').replaceChildren(...state.tried.map(({ name, values, verdict, said, kept, trouble }) => {
    const { code, message } = said ? vendorError(said) : {};
    const result = [make('strong', { className: 'verdict', text: t(verdict) })];
    const named = code ? make('code', { text: code }) : message ? '' : t('noCode');
    if (said) result.push(' ', make('code', { text: `HTTP ${said.status}` }), ' ', named);
    if (message) result.push(make('span', { className: 'message', text: message }));
    if (trouble) result.push(' ', t(trouble.key, trouble.values));
    if (kept !== undefined) result.push(make('span', { className: 'message', text: t(kept ? 'kept' : 'leaked') }));
    const row = make('li', {
      children: [make('h3', { text: t(name) }), make('p', { text: t(`${name}Done`, values) }), make('p', { children: result })],
    });
    row.dataset.verdict = verdict;
    return row;
  }));
}

function drawStatus(element, [kind, key, values]) {
  const text = key && t(key, values);
  element.dataset.kind = kind;
  if (element.textContent !== text) element.textContent = text; // a screen reader says it once
}

function drawCode() {
  const asked = wish();
  const cloud = $('cloud').value;
  $('client').textContent = clientLines(cloud, { ...asked, grant: 'sts' });
  $('plain').textContent = plainLines(asked);
}

function draw() {
  const { file, busy, run } = state;
  $('chosen').textContent = file ? t('chosen', { name: file.name, size: bytes(file.size) }) : t('chooseFile');
  $('drop').dataset.full = Boolean(file);
  $('choices').disabled = $('upload').disabled = Boolean(busy);
  $('cancel').disabled = !busy;
  $('retry').disabled = Boolean(busy) || !['failed', 'cancelled'].includes(state.status[0]) || !run;
  $('misuse').disabled = !run?.voucher || (Boolean(busy) && !state.trying);
  $('misuse').textContent = t(state.trying ? 'stop' : 'misuse');
  for (const item of $('steps').children) item.dataset.state = state.steps[item.dataset.step] ?? '';
  drawStatus($('status'), state.status);
  drawStatus($('misuse-status'), state.misuse);
  drawRun();
  drawAttempts();
  drawCode();
}

// --- the controls

$('form').addEventListener('submit', (event) => {
  event.preventDefault();
  if (state.busy) return;
  if (!state.file && $('file').files.length) choose($('file').files[0]);  // pressed before the change was told
  if (state.file) {
    upload($('cloud').value, wish(), state.file);
  } else {
    state.status = ['failed', 'noFile'];
    draw();
    $('file').focus();
  }
});
$('cancel').addEventListener('click', () => state.busy?.abort());
$('retry').addEventListener('click', () => upload(state.run.cloud, state.run.wish, state.run.file));
$('misuse').addEventListener('click', () => (state.trying ? state.busy?.abort() : misuse()));
$('file').addEventListener('click', ({ target }) => { target.value = ''; }); // so that a changed file can be chosen again
$('file').addEventListener('change', ({ target }) => choose(target.files[0]));
for (const id of ['cloud', 'module', 'grant', 'callback']) $(id).addEventListener('change', drawCode);
$('language').addEventListener('click', () => {
  switchLanguage();
  drawChoices();
  draw();
});

// A file that misses the field must not replace the page.
for (const kind of ['dragenter', 'dragover', 'dragleave', 'drop']) {
  addEventListener(kind, (event) => {
    event.preventDefault();
    const over = $('drop').contains(event.target);
    $('drop').classList.toggle('over', over && (kind === 'dragenter' || kind === 'dragover'));
    if (kind === 'drop' && over && !state.busy && event.dataTransfer.files.length) choose(event.dataTransfer.files[0]);
  });
}

for (const button of document.querySelectorAll('[data-copy]')) {
  button.addEventListener('click', async () => {
    const source = $(button.dataset.copy);
    const done = await navigator.clipboard?.writeText(source.textContent).then(() => true, () => false);
    if (!done) getSelection().selectAllChildren(source);
    button.textContent = t(done ? 'copied' : 'notCopied');
    setTimeout(() => { button.textContent = t('copy'); }, 2000);
  });
}

speak();
drawChoices();
draw();
