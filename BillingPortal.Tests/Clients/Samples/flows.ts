import { Flow } from '@flowdev/sdk';

const flow = new Flow('flow_sk_live_...');

// Check balance
const balance = await flow.flows.getBalance();
console.log(`Daily: ${balance.daily.remaining}/${balance.daily.limit}`);
console.log(`Bonus: ${balance.bonus.available}`);

// Gift flows
await flow.flows.gift({
  recipientEmail: 'friend@example.com',
  amount: 5,
  note: 'Keep creating great content!',
});

// Get transaction history
const { transactions } = await flow.flows.getTransactions({ limit: 10 });
