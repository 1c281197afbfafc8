// X's own SDK, told what to do line by line: {on, do, with, as} is one call of a method of an object, {value} or {error} the
// answer. Bytes are {bytes: base64}. do: "new" makes an object, and one that a call gives is kept under the name in as.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import * as sdk from './node_modules/@xdevplatform/chat-xdk/pkg/chat_xdk_wasm.js';

const wasm = new URL('./node_modules/@xdevplatform/chat-xdk/pkg/chat_xdk_wasm_bg.wasm', import.meta.url);
await sdk.default({ module_or_path: readFileSync(wasm) });

const revive = (_, v) => (typeof v?.bytes === 'string' ? new Uint8Array(Buffer.from(v.bytes, 'base64')) : v);
const show = (_, v) => (v instanceof Uint8Array ? { bytes: Buffer.from(v).toString('base64') } : v);

const objects = new Map();

function call({ on, do: method, with: args, as }) {
  if (method === 'new') {
    objects.set(on, new sdk.Chat());
    return null;
  }
  const value = objects.get(on)[method](...args);
  if (!as) return value ?? null;
  objects.set(as, value);
  return null;
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  let answer;
  try {
    answer = { value: call(JSON.parse(line, revive)) };
  } catch (e) {
    answer = { error: String(e?.message ?? e) };
  }
  process.stdout.write(`${JSON.stringify(answer, show)}\n`);
}
