curl https://theconflux.com/v1/api-credits \
  -H "Authorization: Bearer YOUR_JWT"
