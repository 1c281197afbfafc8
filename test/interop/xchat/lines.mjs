// X's own SDK for what is secret, and how a process is told what to do, line by line: {on, do, with, as} is one call, {value} or
// {error} the answer. Bytes are {bytes: base64}.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import * as sdk from './node_modules/@xdevplatform/chat-xdk/pkg/chat_xdk_wasm.js';

const wasm = new URL('./node_modules/@xdevplatform/chat-xdk/pkg/chat_xdk_wasm_bg.wasm', import.meta.url);
await sdk.default({ module_or_path: readFileSync(wasm) });

export const { Chat } = sdk;

const revive = (_, v) => (typeof v?.bytes === 'string' ? new Uint8Array(Buffer.from(v.bytes, 'base64')) : v);
const show = (_, v) => (v instanceof Uint8Array ? { bytes: Buffer.from(v).toString('base64') } : v);

export async function serve(call) {
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    let answer;
    try {
      answer = { value: (await call(JSON.parse(line, revive))) ?? null };
    } catch (e) {
      answer = { error: [e?.message ?? e, e?.data && JSON.stringify(e.data)].filter(Boolean).join(' ') };
    }
    process.stdout.write(`${JSON.stringify(answer, show)}\n`);
  }
}
