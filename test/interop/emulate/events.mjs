// Loaded before emulate's command (node --import). The command sends signed events to whoever subscribed, and has no option
// or seed by which anybody could; so the subscription is made here. It also says on which address emulate listens.
import { subscribe } from "node:diagnostics_channel";
import { slackPlugin } from "./node_modules/emulate/dist/dist-6ZQHD4DN.js"; // the name belongs to the pinned version

const register = slackPlugin.register;
slackPlugin.register = (app, store, webhooks, ...rest) => {
  register.call(slackPlugin, app, store, webhooks, ...rest);
  webhooks.register({ url: process.env.EVENTS_URL, events: ["*"], active: true, owner: "slack" });
};

subscribe("tracing:net.server.listen:asyncEnd", ({ server }) => {
  const { address, port } = server.address();
  console.log(`LISTENING ${address}:${port}`);
});
