// A Bolt app in Socket Mode.
import bolt from '@slack/bolt';
import { listen } from './bolt-app.mjs';

const { SLACK_API_URL: slackApiUrl, SLACK_APP_TOKEN: appToken, SLACK_BOT_TOKEN: token } = process.env;
const app = new bolt.App({ token, appToken, socketMode: true, clientOptions: { slackApiUrl } });
listen(app);
await app.start();
console.log('READY');
process.stdin.resume().on('end', async () => {
  await app.stop();
  console.log('DONE');
  process.exit(0);
});
