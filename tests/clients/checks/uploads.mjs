// What passes with every client of a cloud, byte for byte.
import { MiB } from '../harness/kit.mjs';

const odd = 'a b+c%20d (1) !\'*~,;=@&$:#?[]{}"^`|<>é文件.bin';

// what · the client's operation · the size, and the name below a prefix
const table = [
  ['put', 'put', {}],
  ['put of a stream', 'putStream', {}],
  ['put with a type and metadata', 'putTyped', {}],
  ['put of an empty file', 'put', { size: 0 }],
  ['put below a prefix', 'put', { below: 'part/one.bin' }],
  ['put of a name that has to be encoded', 'put', { below: odd }],
  ['12 MiB in parts', 'multipart', { size: 12 * MiB + 7 }],
  ['12 MiB in parts below a prefix', 'multipart', { size: 12 * MiB + 7, below: 'part/one.bin' }],
  ['12 MiB in parts under a name that has to be encoded', 'multipart', { size: 12 * MiB + 7, below: odd }],
];

export function* uploads(kit, name, made) {
  for (const [what, operation, { size = 1000, below }] of table) {
    if (!(operation in made.prototype) || (size === 0 && kit.cloud.smallestFile)) continue;
    yield [
      `${name}: ${what}`,
      async () => {
        const answer = await kit.vend({ platform: made.platform, isDir: below ? 1 : 0 });
        const key = answer.relativePath + (below ?? '').replace(made.mistakes, '');
        const bytes = kit.bytes(size);
        await new made(answer, kit)[operation](key, bytes);
        await kit.stored(key, bytes);
      },
    ];
  }
}
