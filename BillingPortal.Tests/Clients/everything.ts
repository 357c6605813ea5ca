// Calls every surface with an API key and, where people are meant, with an access token; prints what came back.
import { Flow, FlowError } from '@flowdev/sdk';

const [key, token] = process.argv.slice(2) as [string, string];
let cuts = 0;
const flow = new Flow(key, {
  // The first answer to each report is lost on its way back.
  fetch: async (address, init) => {
    const answer = await fetch(address, init);
    if (String(address).endsWith('/usage/events') && cuts++ === 0) {
      throw new TypeError('connection reset');
    }

    return answer;
  },
});
const user = new Flow(token);
const hold = await flow.holds.place({ operation: 'chat', quantity: 10, expiresInSeconds: 60 });
const refused = await flow.credits.purchase('credits_7').catch((error: unknown) => error);
const key2 = await user.keys.generate({ name: 'from TypeScript' });

console.log(JSON.stringify({
  me: (await flow.me()).kind,
  estimate: (await flow.estimate({ image_to_html: 50, code_export: 50, figma_export: 20 })).recommendedPack,
  report: await flow.usage.report({ id: 'ts-1', operation: 'image_to_html' }),
  batch: (await flow.usage.reportAll([{ id: 'ts-2', operation: 'chat' }, { id: 'ts-2', operation: 'chat' }])).map((result) => result.status),
  summary: (await flow.usage.summary({ days: 7 })).daily.length,
  captured: (await flow.holds.capture(hold.id, { quantity: 4 })).credits,
  hold: (await flow.holds.get(hold.id)).status,
  released: (await flow.holds.release((await flow.holds.place({ operation: 'chat', quantity: 1 })).id)).status,
  number: (await flow.numbers.release((await flow.numbers.rent({ number: '+15550001111' })).id)).status,
  numbers: (await flow.numbers.list()).data.length,
  wallet: (await flow.billing.getWallet()).heldCredits,
  usage: (await flow.billing.getUsage()).length,
  items: (await flow.billing.getUsageItems({ channel: 'chat', limit: 10 })).data.length,
  plans: (await flow.billing.getPlans()).length,
  invoices: (await flow.billing.getInvoices()).data.length,
  balance: (await flow.credits.getBalance()).pendingConsumption,
  transactions: (await flow.credits.getTransactions({ direction: 'in', limit: 5 })).pagination.total,
  months: (await flow.credits.getMonthlyStats({ months: 3 })).data.length,
  packs: (await flow.credits.getPacks()).length,
  rates: (await flow.credits.getRates()).length,
  bought: (await flow.credits.buyPack('credits_1000')).success,
  purchase: (await flow.credits.purchase('credits_5000')).pack.price,
  refused: refused instanceof FlowError ? [refused.status, refused.code] : null,
  flows: (await flow.flows.getBalance()).daily.limit,
  apiPacks: (await flow.apiCredits.getPacks())[0]?.credits_after_fee,
  checkout: (await user.apiCredits.checkout('growth')).url !== '',
  history: (await user.apiCredits.getHistory()).length,
  apiCredits: (await user.apiCredits.getBalance()).total_purchased,
  keys: (await user.keys.list()).length,
  revoked: (await user.keys.revoke(key2.id)).revoked,
}));
