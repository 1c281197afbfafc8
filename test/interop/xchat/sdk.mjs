// Calls the methods of objects of X's own SDK. do: "new" makes one, and one that a call gives is kept under the name in as.
import { Chat, serve } from './lines.mjs';

const objects = new Map();

await serve(({ on, do: method, with: args, as }) => {
  if (method === 'new') {
    objects.set(on, new Chat());
    return null;
  }
  const value = objects.get(on)[method](...args);
  if (!as) return value;
  objects.set(as, value);
  return null;
});
