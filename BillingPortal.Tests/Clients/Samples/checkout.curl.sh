curl -X POST https://theconflux.com/v1/billing/checkout \
  -H "Authorization: Bearer YOUR_JWT" \
  -H "Content-Type: application/json" \
  -d '{"pack": "growth"}'
