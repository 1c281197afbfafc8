// @slack/socket-mode against the simulator: receive, confirm, come back after the socket was cut.
import { SocketModeClient } from '@slack/socket-mode';

const { SLACK_API_URL: slackApiUrl, SLACK_APP_TOKEN: appToken } = process.env;
const client = new SocketModeClient({ appToken, clientPingTimeout: 500, clientOptions: { slackApiUrl } });

client.on('connected', () => console.log('CONNECTED'));
client.on('slack_event', async ({ ack, type, body, retry_num: retries }) => {
  if (type !== 'events_api') return;
  const { event } = body;
  if (event.text === 'leave unconfirmed' && !retries) {
    console.log('IGNORED', body.event_id);
    return;
  }
  await ack();
  console.log('EVENT', body.event_id, event.type, retries ?? 0, event.text ?? '');
  if (event.text === 'stop') {
    await client.disconnect();
    console.log('DONE');
    process.exit(0);
  }
});
await client.start();
