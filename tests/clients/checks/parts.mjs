// Multipart uploads, step by step.
import { altered, expect, MiB } from '../harness/kit.mjs';

const partSize = 5 * MiB;
const dir = { isDir: 1 };

const noUpload = /NoSuchUpload|no such uploadId/i;
const badPart = /InvalidPart|InvalidPartOrder|InvalidETag|invalid part/i;

export function* parts(kit, made) {
  const { platform } = made;
  // Starts an upload with its first part: what a check needs of it.
  const begun = async (fields) => {
    const answer = await kit.vend({ platform, ...fields });
    const client = new made(answer, kit);
    const key = fields?.isDir ? `${answer.relativePath}one.bin` : answer.relativePath;
    const bytes = kit.bytes(partSize);
    const id = await client.create(key);
    const tag = await client.part(key, id, 1, bytes);
    return { answer, client, key, bytes, id, one: { number: 1, tag } };
  };
  const table = {
    'list, add, complete': async () => {
      const { client, key, bytes, id, one } = await begun();
      const listed = await client.parts(key, id);
      expect(
        listed.length === 1 &&
          Number(listed[0].number) === 1 &&
          Number(listed[0].size ?? bytes.length) === bytes.length,
        `listed ${JSON.stringify(listed)}`,
      );
      expect(unquoted(listed[0].tag) === unquoted(one.tag), `listed the ETag ${listed[0].tag} instead of ${one.tag}`);
      const last = kit.bytes(3);
      await client.complete(key, id, [one, { number: 2, tag: await client.part(key, id, 2, last) }]);
      await kit.stored(key, Buffer.concat([bytes, last]));
    },
    'the last sent of two parts with one number counts': async () => {
      const { client, key, id } = await begun();
      const bytes = kit.bytes(4);
      await client.complete(key, id, [{ number: 1, tag: await client.part(key, id, 1, bytes) }]);
      await kit.stored(key, bytes);
    },
    'abort, and the upload is gone': async () => {
      const { client, key, id, one } = await begun();
      await client.abort(key, id);
      await kit.refused(() => client.parts(key, id), { keys: [key], codes: noUpload });
      await kit.refused(() => client.part(key, id, 2, kit.bytes()), { keys: [key], codes: noUpload });
      await kit.refused(() => client.complete(key, id, [one]), { keys: [key], codes: noUpload });
    },
    'refused: complete with a part that was never sent': async () => {
      const { client, key, id, one } = await begun();
      await kit.refused(() => client.complete(key, id, [one, { number: 2, tag: one.tag }]), {
        keys: [key],
        codes: kit.cloud.badPart ?? badPart,
      });
    },
    'refused: complete with another ETag': async () => {
      const { client, key, id, one } = await begun();
      await kit.refused(() => client.complete(key, id, [{ ...one, tag: altered(one.tag) }]), {
        keys: [key],
        codes: kit.cloud.badPart ?? badPart,
      });
    },
    'refused: complete in descending order': async () => {
      const { client, key, id, one } = await begun();
      const two = { number: 2, tag: await client.part(key, id, 2, kit.bytes()) };
      if (kit.cloud.sortsParts) return; // this client puts them in order
      await kit.refused(() => client.complete(key, id, [two, one]), {
        keys: [key],
        codes: kit.cloud.badPart ?? badPart,
      });
    },
    'refused: complete without a part': async () => {
      const { client, key, id } = await begun();
      await kit.refused(() => client.complete(key, id, []), { keys: [key] });
    },
    'refused: a part that is too small and not the last': async () => {
      if (!kit.cloud.smallest) return; // none is published
      const { client, key, id } = await begun();
      const parts = [];
      for (const number of [1, 2])
        parts.push({ number, tag: await client.part(key, id, number, kit.bytes(kit.cloud.smallest - 1)) });
      await kit.refused(() => client.complete(key, id, parts), {
        keys: [key],
        codes: /EntityTooSmall|PartTooSmall|InvalidPart/,
      });
    },
    'refused: parts 0 and 10001': async () => {
      const { client, key, id } = await begun();
      if (!kit.cloud.numbersParts)
        for (const number of [0, 10001]) await kit.refused(() => client.part(key, id, number, kit.bytes()));
    },
    'refused: an upload that nobody began': async () => {
      const { client, key, id } = await begun();
      await kit.refused(() => client.part(key, altered(id), 2, kit.bytes()), { keys: [key], codes: noUpload });
    },
    'refused: a part for another key of the own prefix': async () => {
      const { answer, client, id, key } = await begun(dir);
      const other = `${answer.relativePath}two.bin`;
      await kit.refused(() => client.part(other, id, 2, kit.bytes()), { keys: [key, other], codes: noUpload });
    },
    'refused: complete for another key of the own prefix': async () => {
      const { answer, client, id, key, one } = await begun(dir);
      const other = `${answer.relativePath}two.bin`;
      await kit.refused(() => client.complete(other, id, [one]), { keys: [key, other], codes: noUpload });
    },
    'refused: a part for another’s upload': async () => {
      const { id, key } = await begun();
      const answer = await kit.vend({ platform });
      await kit.refused(() => new made(answer, kit).part(answer.relativePath, id, 2, kit.bytes()), {
        keys: [answer.relativePath, key],
        codes: noUpload,
      });
      await kit.refused(() => new made(answer, kit).part(key, id, 2, kit.bytes()), {
        keys: [answer.relativePath, key],
      });
      await kit.refused(() => new made(answer, kit).abort(key, id), { keys: [key] });
    },
  };
  for (const [what, run] of Object.entries(table)) yield [`parts: ${what}`, run];
}
const unquoted = (tag) => String(tag).replaceAll('"', '').toLowerCase();
