// A reminder: /remind 2h tea. Roost keeps the time, so it survives restarts. Nothing needs to be installed.
const readline = require("node:readline");

const write = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\n");

// What waits for an answer of Roost, by the id of its call.
const waiting = new Map();
let last = 0;

// call calls Roost about an event. Events are heard side by side here, so it says which one.
function call(event, method, params = {}) {
  const id = `c${++last}`;
  write({ id, method, params: { event: event.id, ...params } });
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

async function remind(event) {
  const what = event.args.what;
  const { value } = await call(event, "state.get", { of: "person", key: "count" });
  const count = (value ?? 0) + 1;
  await call(event, "state.set", { of: "person", key: "count", value: count });
  await call(event, "wake", { name: `reminder-${event.user.id}-${count}`, in: event.args.when, data: { what, who: event.user.name } });
  await call(event, "react", { emoji: "👍" });
}

const woken = async (event) => ({ reply: `${event.data.who}: ${event.data.what}` });

// A question without a wait: the answer is an event of its own, and what is needed then comes back with it.
async function snooze(event) {
  await call(event, "ask", { text: "For how long?", type: "duration", timeout: 3600, data: { who: event.user.name } });
}

async function answered(event) {
  if (event.answer.late) return { reply: "Never mind." };
  await call(event, "wake", { name: `snooze-${event.id}`, in: event.answer.value, data: { what: "you wanted to be woken", who: event.data.who } });
  return { reply: "All right." };
}

async function handle({ method, params }) {
  switch (method) {
    case "initialize":
      return {
        api: 1,
        help: "I remind you.",
        parallel: 8,
        commands: [
          { usage: "remind <when:duration> <what...>", help: "be reminded", cooldown: "10/1h" },
          { usage: "snooze", help: "be woken" },
        ],
      };
    case "event":
      if (params.kind === "woken") return woken(params);
      if (params.kind === "answered") return answered(params);
      return params.trigger === "snooze" ? snooze(params) : remind(params);
    default:
      return {}; // ping, config, shutdown
  }
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line);
  if (message.method === undefined) {
    const { resolve, reject } = waiting.get(message.id);
    waiting.delete(message.id);
    return message.error ? reject(new Error(message.error.message)) : resolve(message.result);
  }
  handle(message).then(
    (result) => write({ id: message.id, result: result ?? {} }),
    (error) => write({ id: message.id, error: { code: -32000, message: error.message } }),
  );
});
