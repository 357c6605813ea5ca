"""Calls every surface with an API key and, where people are meant, with an access token; prints what came back."""

import json
import sys

from flow_sdk import Flow, FlowError

key, token = sys.argv[1:]
flow = Flow(key)
user = Flow(token)
hold = flow.holds.place(operation="chat", quantity=10, expires_in_seconds=60)
try:
    flow.credits.purchase("credits_7")
    refused = None
except FlowError as error:
    refused = [error.status, error.code]
made = user.keys.generate(name="from Python")

print(json.dumps({
    "me": flow.me()["kind"],
    "estimate": flow.estimate(image_to_html=50, code_export=50, figma_export=20)["recommendedPack"],
    "report": flow.usage.report(id="py-1", operation="image_to_html"),
    "batch": [result["status"] for result in flow.usage.report_all([{"id": "py-2", "operation": "chat"}, {"id": "py-2", "operation": "chat"}])],
    "summary": len(flow.usage.summary(days=7)["daily"]),
    "captured": flow.holds.capture(hold["id"], quantity=4)["credits"],
    "hold": flow.holds.get(hold["id"])["status"],
    "released": flow.holds.release(flow.holds.place(operation="chat", quantity=1)["id"])["status"],
    "number": flow.numbers.release(flow.numbers.rent(number="+15550002222")["id"])["status"],
    "numbers": len(flow.numbers.list()["data"]),
    "wallet": flow.billing.get_wallet()["heldCredits"],
    "usage": len(flow.billing.get_usage()),
    "items": len(flow.billing.get_usage_items(channel="chat", limit=10)["data"]),
    "plans": len(flow.billing.get_plans()),
    "invoices": len(flow.billing.get_invoices()["data"]),
    "balance": flow.credits.get_balance()["pendingConsumption"],
    "transactions": flow.credits.get_transactions(direction="in", limit=5)["pagination"]["total"],
    "months": len(flow.credits.get_monthly_stats(months=3)["data"]),
    "packs": len(flow.credits.get_packs()),
    "rates": len(flow.credits.get_rates()),
    "bought": flow.credits.buy_pack("credits_1000")["success"],
    "purchase": flow.credits.purchase("credits_5000")["pack"]["price"],
    "refused": refused,
    "flows": flow.flows.get_balance()["daily"]["limit"],
    "apiPacks": flow.api_credits.get_packs()[0]["credits_after_fee"],
    "checkout": user.api_credits.checkout("growth")["url"] != "",
    "history": len(user.api_credits.get_history()),
    "apiCredits": user.api_credits.get_balance()["total_purchased"],
    "keys": len(user.keys.list()),
    "revoked": user.keys.revoke(made["id"])["revoked"],
}, separators=(",", ":")))
