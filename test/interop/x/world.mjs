// What the scripts share: where the simulator is, who plays, and both clients turned towards it.
import http from 'node:http';
import { Client, OAuth1 } from '@xdevplatform/xdk';
import { TwitterApi } from 'twitter-api-v2';

export const env = process.env;
export const base = new URL(env.XSIM_URL);

// twitter-api-v2 knows no base URL: an http.Agent switches it to plain HTTP and a plugin moves the host.
const rewrite = {
  onBeforeRequest({ computedParams: { url } }) {
    url.protocol = base.protocol;
    url.hostname = base.hostname;
    url.port = base.port;
  },
};
const settings = { httpAgent: new http.Agent(), plugins: [rewrite] };

export const twitter = (tokens) => new TwitterApi(tokens, settings);
export const userOAuth1 = { appKey: env.CONSUMER_KEY, appSecret: env.CONSUMER_SECRET, accessToken: env.OAUTH1_TOKEN, accessSecret: env.OAUTH1_SECRET };

export const xdk = (auth) => new Client({ baseUrl: env.XSIM_URL, ...auth });
export const xdkOAuth1 = () => new OAuth1({
  apiKey: env.CONSUMER_KEY, apiSecret: env.CONSUMER_SECRET, callback: 'oob', accessToken: env.OAUTH1_TOKEN, accessTokenSecret: env.OAUTH1_SECRET,
});

export const say = (...words) => console.log(words.join(' '));
