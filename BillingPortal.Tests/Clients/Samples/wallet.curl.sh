# Check the balance before kicking off a batch of outbound work
curl https://builder.flowyte.com/api/v1/billing/wallet \
  -H "Authorization: Bearer flowyte_sk_…"
