from flow_sdk import Flow

flow = Flow('flow_sk_live_...')

# Check balance
balance = flow.flows.get_balance()
print(f"Daily: {balance['daily']['remaining']}/{balance['daily']['limit']}")
print(f"Bonus: {balance['bonus']['available']}")

# Gift flows
flow.flows.gift(
    recipient_email='friend@example.com',
    amount=5,
    note='Keep creating great content!'
)
