curl https://theconflux.com/v1/billing/history \
  -H "Authorization: Bearer YOUR_JWT"
