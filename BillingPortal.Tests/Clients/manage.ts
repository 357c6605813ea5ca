// What a person and an administrator manage; prints what came back.
import { Flow } from '@flowdev/sdk';

const [token, adminToken, mintingKey, email, organization] = process.argv.slice(2) as [string, string, string, string, string];
const user = new Flow(token);
const admin = new Flow(adminToken);
const post = await user.posts.create({ channelId: 'channel_1', content: 'Hello' });
const webhook = await user.webhooks.create({ url: 'https://example.com/hook', events: ['credits.purchased'] });
const queued = await user.webhooks.test(webhook.id);
const made = await user.keys.generate({ name: 'old', scopes: ['billing:read'] });
const rotated = await user.keys.rotate(made.id, { grace_seconds: 60 });
const change = await user.billing.changeSubscription({ planId: 'pro', interval: 'yearly' });

console.log(JSON.stringify({
  topUp: (await user.billing.topUp(25)).credits,
  reload: (await user.billing.setAutoReload({ enabled: false, thresholdUsd: 10, amountUsd: 50 })).enabled,
  checkout: 'url' in change && change.url !== '',
  plan: (await user.billing.getSubscription()).plan.id,
  granted: (await admin.flows.grant({ userEmail: email, amount: 5, note: 'Thanks' })).granted,
  minted: (await new Flow(mintingKey).billing.credit({ credits: 7, organizationId: organization, reference: 'r-1' })).balanceCredits,
  source: post.flowSource,
  posts: (await user.posts.list()).count,
  post: (await user.posts.get(post.id)).content,
  webhooks: (await user.webhooks.list()).count,
  secret: webhook.secret?.slice(0, 6),
  events: (await user.webhooks.get(webhook.id)).events.length,
  active: (await user.webhooks.update(webhook.id, { active: false })).active,
  delivered: (await user.webhooks.getDeliveries(webhook.id)).deliveries[0]?.id === queued.deliveryId,
  left: (await user.webhooks.delete(webhook.id), (await user.webhooks.list()).count),
  rotated: rotated.replaces === made.id,
  revoked: (await user.keys.revoke(rotated.id)).revoked,
}));
