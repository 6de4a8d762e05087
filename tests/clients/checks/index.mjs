// The checks that every cloud gets, as tables: what · the client's operation that is needed · how.
// A cloud says in its own file how its clients are made (a class each, whose methods are the operations that it has) and
// what is peculiar to it.
import { caughtAndAltered } from './altered.mjs';
import { formRefusals, forms } from './forms.mjs';
import { parts } from './parts.mjs';
import { preflights } from './preflights.mjs';
import { refusals, spoiled } from './refusals.mjs';
import { uploads } from './uploads.mjs';
import { urls } from './urls.mjs';

/// Yields [what, run] of a cloud.
export function* checksOf(cloud, kit) {
  for (const [name, made] of Object.entries(cloud.clients)) yield* uploads(kit, name, made);
  yield* forms(kit);
  const client = cloud.clients[cloud.main];
  yield* refusals(kit, client);
  yield* spoiled(kit, cloud.spoils ?? client);
  if ('parts' in client.prototype) yield* parts(kit, client);
  for (const [name, made] of Object.entries(cloud.clients))
    if (Object.hasOwn(made.prototype, 'url') || (name === cloud.main && 'url' in made.prototype))
      yield* urls(kit, name, made);
  if (cloud.signed) yield* caughtAndAltered(kit);
  yield* formRefusals(kit);
  yield* preflights(kit);
  yield* Object.entries(cloud.own?.(kit) ?? {});
}
