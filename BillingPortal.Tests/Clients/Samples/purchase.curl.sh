curl https://www.floow.design/api/v1/credits/purchase \
  -X POST \
  -H "Authorization: Bearer fl_your_api_key" \
  -H "Content-Type: application/json" \
  -d '{ "pack": "credits_5000" }'
