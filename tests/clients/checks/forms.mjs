// Forms by page code: with the voucher as it is, and everything that a form can get wrong.
import { altered, changed, expect, MiB, neighbour, parent } from '../harness/kit.mjs';
import { page, post } from '../harness/page.mjs';
import { multipart } from '../harness/wire.mjs';

const dir = { isDir: 1 };

const entriesOf = ({ fields, fileField }, key, bytes) => [
  ...Object.entries(fields).map(([name, value]) => [name, name === 'key' ? key : value]),
  [fileField, bytes, 'file.bin'],
];
/// Posts a form that is described by its entries.
const submit = (kit, answer, entries, more) => {
  const url = new URL(answer.form.url);
  const { headers, body } = multipart(entries);
  return kit.send({ method: 'POST', path: url.pathname, headers: { Host: url.host, ...headers }, body, ...more });
};

export function* forms(kit) {
  for (const grant of ['sts', 'form'])
    for (const isDir of [0, 1])
      yield [
        `page: form by ${grant}, isDir ${isDir}`,
        async () => {
          const answer = await kit.vend({ grant, isDir });
          const key = isDir ? `${answer.form.fields.key}named.bin` : answer.form.fields.key;
          const bytes = kit.bytes();
          const reply = await post(page(), answer.form, key, bytes);
          expect(reply.status >= 200 && reply.status < 300, `${reply.status} ${reply.body}`);
          expect(reply.progress > 0, 'no progress event');
          await kit.stored(key, bytes);
        },
      ];
  yield [
    'form: a file of the largest size that is allowed',
    async () => {
      const answer = await kit.vend({ grant: 'form' });
      const bytes = Buffer.alloc(answer.maxSize - (kit.cloud.form.counted ?? 0), 'x');
      const reply = await submit(kit, answer, entriesOf(answer.form, answer.relativePath, bytes));
      expect(reply.status < 300, `${reply.status} ${reply.body}`);
      await kit.stored(answer.relativePath, bytes);
    },
  ];
}

const set = (entries, name, change) =>
  entries.map((entry) =>
    entry[0].toLowerCase() === name.toLowerCase() ? [entry[0], change(entry[1]), ...entry.slice(2)] : entry,
  );
const drop = (entries, name) => entries.filter((entry) => entry[0].toLowerCase() !== name.toLowerCase());
const decoded = (policy) => Buffer.from(policy, 'base64').toString();

/// What is done to the entries of a good form. `names` is the cloud's: its names of policy, signature and token.
const formTable = {
  'the neighbour as key': (entries) => set(entries, 'key', neighbour),
  'a longer key': (entries) => set(entries, 'key', (key) => `${key}x`),
  'no key': (entries) => drop(entries, 'key'),
  'two keys, the first outside': (entries, { key }) => [['key', neighbour(key)], ...entries],
  'two keys, the second outside': (entries, { key }) => [
    ...entries.slice(0, -1),
    ['key', neighbour(key)],
    entries.at(-1),
  ],
  'another bucket as a field': (entries) => [
    ...drop(entries, 'bucket').slice(0, -1),
    ['bucket', 'other'],
    entries.at(-1),
  ],
  'no file': (entries) => entries.slice(0, -1),
  'two files': (entries) => [...entries, entries.at(-1)],
  'the file first': (entries) => [entries.at(-1), ...entries.slice(0, -1)],
  'no policy': (entries, { names }) => drop(entries, names.policy),
  'a changed policy': (entries, { names, key }) =>
    set(
      set(entries, names.policy, (policy) =>
        Buffer.from(decoded(policy).replaceAll(key, neighbour(key))).toString('base64'),
      ),
      'key',
      neighbour,
    ),
  'a policy with a larger size': (entries, { names }) =>
    set(entries, names.policy, (policy) =>
      Buffer.from(decoded(policy).replaceAll('33554432', '99999999')).toString('base64'),
    ),
  'a changed signature': (entries, { names }) => set(entries, names.signature, altered),
  'no signature': (entries, { names }) => drop(entries, names.signature),
  'a changed key id': (entries, { names }) => set(entries, names.id, altered),
  'an empty file': (entries) => set(entries, 'file', () => ''),
  'a file above maxSize': (entries) => set(entries, 'file', () => Buffer.alloc(33 * MiB, 'x')),
};
const formTokenTable = {
  'a changed token': (entries, { names }) => set(entries, names.token, altered),
  'no token': (entries, { names }) => drop(entries, names.token),
};
const formPrefixTable = {
  'a sibling of the prefix': (entries, { key }) => set(entries, 'key', () => `${key.slice(0, -1)}x/file.bin`),
  'the prefix left by ..': (entries, { key }) => set(entries, 'key', () => `${key}../outside.bin`),
};

export function* formRefusals(kit) {
  const { form: names } = kit.cloud;
  const cases = [
    ...['sts', 'form'].flatMap((grant) => Object.entries(formTable).map(([what, change]) => [{ grant }, what, change])),
    ...(names.token ? Object.entries(formTokenTable).map(([what, change]) => [{ grant: 'sts' }, what, change]) : []),
    ...Object.entries(formPrefixTable).map(([what, change]) => [{ grant: 'sts', ...dir }, what, change]),
  ];
  for (const [fields, what, change] of cases) {
    if (names.not?.includes(what)) continue; // this vendor does it in another way
    yield [
      `form by ${fields.grant}: ${what}`,
      async () => {
        const answer = await kit.vend(fields);
        const key = answer.relativePath;
        const good = entriesOf(answer.form, key, kit.bytes());
        const keys = fields.isDir
          ? [`${key.slice(0, -1)}x/file.bin`, `${key}../outside.bin`, `${parent(parent(key))}/outside.bin`]
          : [key, neighbour(key), `${key}x`];
        await kit.refused(() => submit(kit, answer, changed(good, change(good, { names, key }))), { keys });
      },
    ];
  }

  // Bodies that are not what they seem; the form itself is good.
  const broken = {
    '5 GB announced': (body) => ({ body: '', announce: 5 * 1024 * MiB + 1 }),
    'cut before its end': (body) => ({ body: body.subarray(0, -30) }),
    'cut within the file': (body) => ({ body: body.subarray(0, -500) }),
    'cut within the fields': (body) => ({ body: body.subarray(0, 300) }),
    'without a boundary': (body) => ({ body, type: 'multipart/form-data' }),
    'with another boundary': (body) => ({ body, type: 'multipart/form-data; boundary=other' }),
  };
  for (const [what, change] of Object.entries(broken))
    yield [
      `form: ${what}`,
      async () => {
        const answer = await kit.vend();
        const { headers, body } = multipart(entriesOf(answer.form, answer.relativePath, kit.bytes()));
        const { type, ...request } = change(body);
        const url = new URL(answer.form.url);
        await kit.refused(
          () =>
            kit.send({
              method: 'POST',
              path: url.pathname,
              ...request,
              headers: { ...headers, ...(type ? { 'Content-Type': type } : {}), Host: url.host },
            }),
          { keys: [answer.relativePath] },
        );
      },
    ];

  const { extra } = kit.cloud.form;
  yield [
    `form: a field that the policy does not name is ${extra.refused ? 'refused' : 'taken'}`,
    async () => {
      const answer = await kit.vend();
      const good = entriesOf(answer.form, answer.relativePath, kit.bytes());
      const posted = () => submit(kit, answer, [...good.slice(0, -1), [extra.name, 'x'], good.at(-1)]);
      if (extra.refused) return kit.refused(posted, { keys: [answer.relativePath] });
      const reply = await posted();
      expect(reply.status < 300, `${reply.status} ${reply.body}`);
    },
  ];

  // Forms that the holder of the keys signs for itself: bound by the session policy, by time, by their own conditions.
  if (!kit.cloud.resign) return;
  /// The same form with its policy document replaced by `change(document)`, signed afresh.
  const signedAnew = (answer, change, key = answer.relativePath, more = []) => {
    const policy = JSON.parse(decoded(answer.policy));
    const own = kit.cloud.resign(answer, change(policy) ?? policy);
    const entries = entriesOf(answer.form, key, kit.bytes()).map(([name, ...rest]) =>
      own[name] === undefined ? [name, ...rest] : [name, own[name]],
    );
    return [...entries.slice(0, -1), ...more, entries.at(-1)];
  };
  const conditions = (policy, keep, ...added) => ({
    ...policy,
    conditions: [...policy.conditions.filter((one) => keep(JSON.stringify(one))), ...added],
  });
  yield [
    'form signed by the holder: as it was',
    async () => {
      const answer = await kit.vend();
      const reply = await submit(
        kit,
        answer,
        signedAnew(answer, (policy) => policy),
      );
      expect(reply.status < 300, `${reply.status} ${reply.body}`);
      expect(await kit.object(answer.relativePath), 'not stored');
    },
  ];
  yield [
    'form signed by the holder: expired',
    async () => {
      const answer = await kit.vend();
      const millis = /\.\d{3}Z$/.test(JSON.parse(decoded(answer.policy)).expiration);
      const past = new Date(Date.now() - 3600e3).toISOString();
      await kit.refused(
        () =>
          submit(
            kit,
            answer,
            signedAnew(answer, (policy) => ({
              ...policy,
              expiration: millis ? past : past.replace(/\.\d{3}/, ''),
            })),
          ),
        { keys: [answer.relativePath] },
      );
    },
  ];
  yield [
    'form signed by the holder: the neighbour, which the session policy does not hold',
    async () => {
      const answer = await kit.vend();
      const other = neighbour(answer.relativePath);
      await kit.refused(
        () =>
          submit(
            kit,
            answer,
            signedAnew(
              answer,
              (policy) => JSON.parse(JSON.stringify(policy).replaceAll(answer.relativePath, other)),
              other,
            ),
          ),
        { keys: [answer.relativePath, other] },
      );
    },
  ];
  yield [
    'form signed by the holder: no JSON as policy',
    async () => {
      const answer = await kit.vend();
      await kit.refused(
        () =>
          submit(
            kit,
            answer,
            signedAnew(answer, () => 'no policy'),
          ),
        { keys: [answer.relativePath] },
      );
    },
  ];
  if (kit.cloud.form.statuses)
    for (const status of [200, 201, 204, 299]) {
      yield [
        `form signed by the holder: success_action_status ${status}`,
        async () => {
          const answer = await kit.vend();
          const entries = signedAnew(
            answer,
            (policy) => conditions(policy, () => true, { success_action_status: String(status) }),
            answer.relativePath,
            [['success_action_status', String(status)]],
          );
          const reply = await submit(kit, answer, entries);
          expect(reply.status === (status === 299 ? 204 : status), `${reply.status} ${reply.body}`);
          expect(await kit.object(answer.relativePath), 'not stored');
          expect(reply.headers.etag, 'no ETag');
          if (status !== 201) return expect(reply.body === '', `a body: ${reply.body}`);
          for (const name of ['Location', 'Bucket', 'Key', 'ETag'])
            expect(new RegExp(`<${name}>[^<]+</${name}>`).test(reply.body), `no ${name} in ${reply.body}`);
        },
      ];
    }
}
