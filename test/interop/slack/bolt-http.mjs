// A Bolt app behind HTTP: Bolt's own receiver checks the signatures.
import bolt from '@slack/bolt';
import { listen } from './bolt-app.mjs';

const { SLACK_API_URL: slackApiUrl, SLACK_SIGNING_SECRET: signingSecret, SLACK_BOT_TOKEN: token } = process.env;
const receiver = new bolt.HTTPReceiver({ signingSecret });
const app = new bolt.App({ token, receiver, clientOptions: { slackApiUrl } });
listen(app);
const server = await app.start({ port: 0, host: '127.0.0.1' });
console.log('READY', `http://127.0.0.1:${server.address().port}/slack/events`);
process.stdin.resume().on('end', async () => {
  await app.stop();
  console.log('DONE');
  process.exit(0);
});
