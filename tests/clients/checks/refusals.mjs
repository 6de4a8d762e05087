// What the vendor's client is refused: another key, another action, credentials that are not what the gateway gave.
import { altered, changed, neighbour, parent } from '../harness/kit.mjs';

const dir = { isDir: 1 };

// Keys that an answer for one key does not hold, and keys that an answer for a prefix does not.
const outside = {
  'the neighbour': neighbour,
  'the folder that is the parent': parent,
  'a longer name': (key) => `${key}x`,
  'a name below the key': (key) => `${key}/x`,
  'a shorter name': (key) => key.slice(0, -1),
  'upper case': (key) => key.toUpperCase(),
};
const outsidePrefix = {
  'a sibling of the prefix': (prefix) => `${prefix.slice(0, -1)}x/y`,
  'the parent of the prefix': (prefix) => `${parent(parent(prefix))}/y`,
  'the prefix without its /': (prefix) => prefix.slice(0, -1),
};

// Other actions. what · the client's operation · how · more
const actions = [
  [
    'put with a canned ACL',
    'put',
    (client, key, bytes) => client.put(key, bytes, { acl: 'public-read' }),
    { if: ({ acl }) => acl ?? false },
  ],
  ['put an ACL', 'putAcl', (client, key) => client.putAcl(key, 'public-read'), { there: true }],
  ['read the ACL', 'getAcl', (client, key) => client.getAcl(key), { there: true }],
  ['read', 'get', (client, key) => client.get(key), { there: true }],
  ['HEAD', 'head', (client, key) => client.head(key), { there: true, bare: true }],
  ['delete', 'remove', (client, key) => client.remove(key), { there: true }],
  ['list the bucket', 'list', (client) => client.list('')],
  ['list the key', 'list', (client, key) => client.list(key)],
  ['list all open uploads', 'listUploads', (client) => client.listUploads('')],
];
// On what somebody else has stored.
const strangers = [
  ['overwrite', 'put', (client, other, bytes) => client.put(other, bytes)],
  ['read', 'get', (client, other) => client.get(other)],
  ['HEAD of', 'head', (client, other) => client.head(other), { bare: true }],
  ['delete', 'remove', (client, other) => client.remove(other)],
  ['copy onto the own key', 'copy', (client, other, _, key) => client.copy(other, key)],
];

export function* refusals(kit, made) {
  const has = (operation) => operation in made.prototype;
  for (const [isDir, table] of [outside, outsidePrefix].entries())
    for (const [what, named] of Object.entries(table))
      for (const operation of ['put', 'create'].filter(has))
        yield [
          `refused: ${operation}: ${what}`,
          async () => {
            const answer = await kit.vend({ isDir });
            const key = named(answer.relativePath);
            await kit.refused(() => new made(answer, kit)[operation](key, kit.bytes()), { keys: [key] });
          },
        ];
  if (kit.cloud.otherBucket !== null)
    yield [
      'refused: put: another bucket',
      async () => {
        const answer = await kit.vend();
        const bucket = kit.cloud.otherBucket ?? 'other-bucket';
        await kit.refused(() => new made(answer, kit).put(answer.relativePath, kit.bytes(), { bucket }), {
          keys: [answer.relativePath],
        });
      },
    ];
  for (const [what, operation, run, more = {}] of actions) {
    if (!has(operation) || more.if?.(made) === false) continue;
    for (const isDir of [0, 1])
      yield [
        `refused: ${what}, isDir ${isDir}`,
        async () => {
          const answer = await kit.vend({ isDir });
          const key = answer.relativePath + (isDir ? 'one.bin' : '');
          // what is read or deleted is there: only the right to it is missing
          if (more.there) await new made(answer, kit).put(key, kit.bytes());
          await kit.refused(() => run(new made(answer, kit), key, kit.bytes()), { keys: [key], bare: more.bare });
        },
      ];
  }
  for (const [what, operation, run, more = {}] of strangers) {
    if (!has(operation)) continue;
    for (const isDir of [0, 1])
      yield [
        `refused: ${what} what another stored, isDir ${isDir}`,
        async () => {
          const [theirs, answer] = [await kit.vend(), await kit.vend({ isDir })];
          const [other, key] = [theirs.relativePath, answer.relativePath + (isDir ? 'one.bin' : '')];
          await new made(theirs, kit).put(other, kit.bytes());
          const attempt = () => run(new made(answer, kit), other, kit.bytes(), key);
          await kit.refused(attempt, { keys: [other, key], bare: more.bare });
        },
      ];
  }
}

// Answers that are not what the gateway gave.
const spoiledTable = {
  'one character of the token changed': (answer) => ({ securityToken: altered(answer.securityToken) }),
  'one character of the secret changed': (answer) => ({ secretAccessKey: altered(answer.secretAccessKey) }),
  'one character of the key id changed': (answer) => ({ accessKeyId: altered(answer.accessKeyId) }),
  'the token of another answer': (_, other) => ({ securityToken: other.securityToken }),
  'key and secret of another answer': (_, other) => ({
    accessKeyId: other.accessKeyId,
    secretAccessKey: other.secretAccessKey,
  }),
  'without the token': () => ({ securityToken: undefined }),
  'a token that is cut': (answer) => ({ securityToken: answer.securityToken.slice(0, -4) }),
};

export function* spoiled(kit, made) {
  for (const [what, change] of Object.entries(kit.cloud.spoiled ?? spoiledTable))
    yield [
      `refused: ${what}`,
      async () => {
        const [answer, other] = [await kit.vend(), await kit.vend()];
        const spoilt = changed(answer, { ...answer, ...change(answer, other) });
        const { relativePath } = answer;
        await kit.refused(() => new made(spoilt, kit).put(relativePath, kit.bytes()), { keys: [relativePath] });
      },
    ];
}
