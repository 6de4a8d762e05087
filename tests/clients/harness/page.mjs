// A web page in jsdom that has loaded a vendor's browser build. Its origin is not the store's: preflights are real.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { JSDOM, VirtualConsole } from 'jsdom';

const { resolve } = createRequire(import.meta.url);

function folderOf(name) {
  const inside = resolve(name);
  return inside.slice(0, inside.lastIndexOf(join('node_modules', name)) + join('node_modules', name).length);
}

/// The window of a new page; `script` is [package, path in it].
export function page(script) {
  const { window } = new JSDOM('<!doctype html><title>page</title>', {
    url: 'http://app.valet.test/',
    runScripts: 'outside-only',
    pretendToBeVisual: true,
    virtualConsole: new VirtualConsole(),
  });
  if (script) window.eval(readFileSync(join(folderOf(script[0]), script[1]), 'utf8'));
  return window;
}

export function fileOf(window, bytes, name = 'file.bin') {
  return new window.File([new Uint8Array(bytes)], name, { type: 'application/octet-stream' });
}

/// What a page does with `data.form` of an answer: the fields, then the file. A progress listener forces a preflight.
export function post(window, form, key, bytes) {
  const data = new window.FormData();
  for (const [name, value] of Object.entries(form.fields)) data.append(name, name === 'key' ? key : value);
  data.append(form.fileField, fileOf(window, bytes));
  return new Promise((resolve, reject) => {
    const request = new window.XMLHttpRequest();
    let progress = 0;
    request.upload.onprogress = () => ++progress;
    request.onload = () => resolve({ status: request.status, body: request.responseText, progress });
    request.onerror = () => reject(new Error('the page may not see the answer (CORS), or there is none'));
    request.open('POST', form.url);
    request.send(data);
  });
}
