curl https://theconflux.com/v1/billing/packs
