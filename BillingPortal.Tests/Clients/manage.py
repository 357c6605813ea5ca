"""What a person and an administrator manage; prints what came back."""

import json
import sys

from flow_sdk import Flow

token, admin_token, minting_key, email, organization = sys.argv[1:]
user = Flow(token)
admin = Flow(admin_token)
post = user.posts.create(channel_id="channel_1", content="Hello")
webhook = user.webhooks.create(url="https://example.com/hook", events=["credits.purchased"])
queued = user.webhooks.test(webhook["id"])
made = user.keys.generate(name="old", scopes=["billing:read"])
rotated = user.keys.rotate(made["id"], grace_seconds=60)

print(json.dumps({
    "topUp": user.billing.top_up(25)["credits"],
    "reload": user.billing.set_auto_reload(enabled=False, threshold_usd=10, amount_usd=50)["enabled"],
    "checkout": user.billing.change_subscription(plan_id="pro", interval="yearly")["url"] != "",
    "plan": user.billing.get_subscription()["plan"]["id"],
    "granted": admin.flows.grant(user_email=email, amount=5, note="Thanks")["granted"],
    "minted": Flow(minting_key).billing.credit(credits=7, organization_id=organization, reference="r-1")["balanceCredits"],
    "source": post["flowSource"],
    "posts": user.posts.list()["count"],
    "post": user.posts.get(post["id"])["content"],
    "webhooks": user.webhooks.list()["count"],
    "secret": webhook["secret"][:6],
    "events": len(user.webhooks.get(webhook["id"])["events"]),
    "active": user.webhooks.update(webhook["id"], active=False)["active"],
    "delivered": user.webhooks.get_deliveries(webhook["id"])["deliveries"][0]["id"] == queued["deliveryId"],
    "left": (user.webhooks.delete(webhook["id"]), user.webhooks.list()["count"])[1],
    "rotated": rotated["replaces"] == made["id"],
    "revoked": user.keys.revoke(rotated["id"])["revoked"],
}, separators=(",", ":")))
