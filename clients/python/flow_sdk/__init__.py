"""Client for every surface of the billing portal. Answers are dictionaries, named as the portal names their fields.

>>> flow = Flow("flow_sk_live_...")
>>> flow.flows.get_balance()["total"]["available"]
"""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Optional

from ._http import FlowError, Http, given, segment

__all__ = ["Flow", "FlowError"]


class Flow:
    """Sends an API key, or a signed-in user's access token.

    :param base_url: Where the portal is; else the environment's ``FLOW_BASE_URL``, else ``http://localhost:5080``.
    :param max_retries: How often a request is sent again after the connection broke, or the portal answered 429, 502, 503 or 504.
        Every POST carries an idempotency key that its retries share, so it is done once.
    :param timeout: How long one attempt may take, in seconds.
    """

    def __init__(self, key: str, *, base_url: Optional[str] = None, max_retries: int = 3, timeout: float = 30.0) -> None:
        http = Http(key, base_url, max_retries, timeout)
        self._http = http
        self.flows = _Flows(http)
        self.posts = _Posts(http)
        self.webhooks = _Webhooks(http)
        self.usage = _Usage(http)
        self.holds = _Holds(http)
        self.numbers = _Numbers(http)
        self.billing = _Billing(http)
        self.credits = _Credits(http)
        self.api_credits = _ApiCredits(http)
        self.keys = _Keys(http)

    def me(self) -> dict[str, Any]:
        """Who the key belongs to, and what it may do."""
        return self._http.get("/api/v1/me")

    def estimate(self, **usage: Any) -> dict[str, Any]:
        """What a month's usage would cost: ``estimate(image_to_html=50)``."""
        return self._http.get("/api/v1/estimate", usage)


class _Part:
    def __init__(self, http: Http) -> None:
        self._http = http


class _Flows(_Part):
    def get_balance(self) -> dict[str, Any]:
        return self._http.get("/api/flows/balance")

    def get_transactions(self, *, limit: Optional[int] = None) -> dict[str, Any]:
        return self._http.get("/api/flows/transactions", given(limit=limit))

    def gift(self, *, recipient_email: str, amount: int, note: Optional[str] = None, idempotency_key: Optional[str] = None) -> dict[str, Any]:
        return self._http.post("/api/flows/gift", given(recipientEmail=recipient_email, amount=amount, note=note), idempotency_key)

    def grant(
        self, *, user_email: str, amount: int, source: Optional[str] = None, note: Optional[str] = None, idempotency_key: Optional[str] = None
    ) -> dict[str, Any]:
        """For administrators."""
        return self._http.post("/api/flows/admin/grant", given(userEmail=user_email, amount=amount, source=source, note=note), idempotency_key)


class _Posts(_Part):
    def create(
        self, *, channel_id: str, content: str, scheduled_for: Optional[str] = None, idempotency_key: Optional[str] = None
    ) -> dict[str, Any]:
        return self._http.post("/api/posts", given(channelId=channel_id, content=content, scheduledFor=scheduled_for), idempotency_key)

    def get(self, post_id: str) -> dict[str, Any]:
        return self._http.get(f"/api/posts/{segment(post_id)}")

    def list(self, **query: Any) -> Any:
        return self._http.get("/api/posts", query)


class _Webhooks(_Part):
    def create(self, *, url: str, events: Iterable[str], idempotency_key: Optional[str] = None) -> dict[str, Any]:
        return self._http.post("/v1/webhooks", {"url": url, "events": list(events)}, idempotency_key)

    def list(self, **query: Any) -> Any:
        return self._http.get("/v1/webhooks", query)

    def get(self, webhook_id: str) -> dict[str, Any]:
        return self._http.get(f"/v1/webhooks/{segment(webhook_id)}")

    def update(self, webhook_id: str, *, url: Optional[str] = None, events: Optional[Iterable[str]] = None, active: Optional[bool] = None) -> dict[str, Any]:
        change = given(url=url, events=None if events is None else [*events], active=active)
        return self._http.patch(f"/v1/webhooks/{segment(webhook_id)}", change)

    def delete(self, webhook_id: str) -> None:
        self._http.delete(f"/v1/webhooks/{segment(webhook_id)}")

    def get_deliveries(self, webhook_id: str, *, page: Optional[int] = None, per_page: Optional[int] = None, status: Optional[str] = None) -> Any:
        return self._http.get(f"/v1/webhooks/{segment(webhook_id)}/deliveries", given(page=page, perPage=per_page, status=status))

    def test(self, webhook_id: str, *, idempotency_key: Optional[str] = None) -> Any:
        return self._http.post(f"/v1/webhooks/{segment(webhook_id)}/test", None, idempotency_key)


class _Usage(_Part):
    def report(
        self,
        *,
        id: str,
        operation: str,
        quantity: Optional[float] = None,
        occurred_at: Optional[str] = None,
        properties: Optional[Mapping[str, Any]] = None,
    ) -> dict[str, Any]:
        """Charges one event, once for its id."""
        return self._http.post(
            "/api/v1/usage/events", given(id=id, operation=operation, quantity=quantity, occurredAt=occurred_at, properties=properties)
        )

    def report_all(self, events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Charges up to 1,000 events, written as the portal reads them; one that is rejected leaves the others alone."""
        return self._http.post("/api/v1/usage/events", [*events])["results"]

    def summary(self, *, days: Optional[int] = None, key_id: Optional[str] = None) -> dict[str, Any]:
        return self._http.get("/api/v1/usage", given(days=days, keyId=key_id))


class _Holds(_Part):
    def place(
        self,
        *,
        operation: str,
        quantity: Optional[float] = None,
        expires_in_seconds: Optional[int] = None,
        properties: Optional[Mapping[str, Any]] = None,
        idempotency_key: Optional[str] = None,
    ) -> dict[str, Any]:
        body = given(operation=operation, quantity=quantity, expiresInSeconds=expires_in_seconds, properties=properties)
        return self._http.post("/api/v1/holds", body, idempotency_key)

    def get(self, hold_id: str) -> dict[str, Any]:
        return self._http.get(f"/api/v1/holds/{segment(hold_id)}")

    def capture(
        self,
        hold_id: str,
        *,
        quantity: Optional[float] = None,
        properties: Optional[Mapping[str, Any]] = None,
        idempotency_key: Optional[str] = None,
    ) -> dict[str, Any]:
        return self._http.post(f"/api/v1/holds/{segment(hold_id)}/capture", given(quantity=quantity, properties=properties), idempotency_key)

    def release(self, hold_id: str, *, idempotency_key: Optional[str] = None) -> dict[str, Any]:
        return self._http.post(f"/api/v1/holds/{segment(hold_id)}/release", None, idempotency_key)


class _Numbers(_Part):
    def rent(self, *, number: str, label: Optional[str] = None, idempotency_key: Optional[str] = None) -> dict[str, Any]:
        return self._http.post("/api/v1/numbers", given(number=number, label=label), idempotency_key)

    def list(self, *, after: Optional[str] = None, limit: Optional[int] = None) -> dict[str, Any]:
        return self._http.get("/api/v1/numbers", given(after=after, limit=limit))

    def release(self, number_id: str) -> dict[str, Any]:
        return self._http.delete(f"/api/v1/numbers/{segment(number_id)}")


class _Billing(_Part):
    def get_wallet(self) -> dict[str, Any]:
        return self._http.get("/api/v1/billing/wallet")["data"]

    def top_up(self, amount_usd: float, *, idempotency_key: Optional[str] = None) -> dict[str, Any]:
        """For signed-in users."""
        return self._http.post("/api/v1/billing/wallet/topup", {"amountUsd": amount_usd}, idempotency_key)["data"]

    def set_auto_reload(
        self, *, enabled: bool, threshold_usd: float, amount_usd: float, monthly_limit_usd: Optional[float] = None
    ) -> dict[str, Any]:
        """For signed-in users."""
        body = given(enabled=enabled, thresholdUsd=threshold_usd, amountUsd=amount_usd, monthlyLimitUsd=monthly_limit_usd)
        return self._http.put("/api/v1/billing/wallet/auto-reload", body)["data"]

    def credit(
        self,
        *,
        amount_usd: Optional[float] = None,
        credits: Optional[float] = None,
        organization_id: Optional[str] = None,
        note: Optional[str] = None,
        reference: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> dict[str, Any]:
        """For keys with ``billing:write``."""
        body = given(amountUsd=amount_usd, credits=credits, organizationId=organization_id, note=note, reference=reference)
        return self._http.post("/api/v1/billing/wallet/credit", body, idempotency_key)["data"]

    # "from" is a word of the language, so windows are named start and end here.
    def get_usage(self, *, start: Optional[str] = None, end: Optional[str] = None) -> list[dict[str, Any]]:
        return self._http.get("/api/v1/billing/usage", {"from": start, "to": end})["data"]

    def get_usage_items(
        self,
        *,
        start: Optional[str] = None,
        end: Optional[str] = None,
        channel: Optional[str] = None,
        cursor: Optional[str] = None,
        limit: Optional[int] = None,
    ) -> dict[str, Any]:
        query = {"from": start, "to": end, "channel": channel, "cursor": cursor, "limit": limit}
        return self._http.get("/api/v1/billing/usage/items", query)

    def get_plans(self) -> list[dict[str, Any]]:
        return self._http.get("/api/v1/billing/plans")["data"]

    def get_subscription(self) -> dict[str, Any]:
        return self._http.get("/api/v1/billing/subscription")["data"]

    def change_subscription(
        self, *, plan_id: str, interval: Optional[str] = None, seats: Optional[int] = None, idempotency_key: Optional[str] = None
    ) -> dict[str, Any]:
        """For signed-in users: the changed subscription, or the address of a checkout."""
        return self._http.post("/api/v1/billing/subscription", given(planId=plan_id, interval=interval, seats=seats), idempotency_key)["data"]

    def get_invoices(self, *, cursor: Optional[str] = None, limit: Optional[int] = None) -> dict[str, Any]:
        return self._http.get("/api/v1/billing/invoices", given(cursor=cursor, limit=limit))


class _Credits(_Part):
    def purchase(self, pack: str, *, idempotency_key: Optional[str] = None) -> dict[str, Any]:
        """Starts buying a pack; send the buyer's browser to ``url``."""
        return self._http.post("/api/v1/credits/purchase", {"pack": pack}, idempotency_key)

    def get_balance(self) -> dict[str, Any]:
        return self._http.get("/credits/balance")["data"]

    def get_transactions(
        self,
        *,
        page: Optional[int] = None,
        limit: Optional[int] = None,
        direction: Optional[str] = None,
        start_date: Optional[str] = None,
        end_date: Optional[str] = None,
        repo_id: Optional[str] = None,
    ) -> dict[str, Any]:
        query = given(page=page, limit=limit, direction=direction, startDate=start_date, endDate=end_date, repoId=repo_id)
        return self._http.get("/credits/transactions", query)

    def get_monthly_stats(self, *, months: Optional[int] = None) -> dict[str, Any]:
        return self._http.get("/credits/stats/monthly", given(months=months))

    def get_packs(self) -> list[dict[str, Any]]:
        return self._http.get("/credits/packs")["data"]

    def get_rates(self) -> list[dict[str, Any]]:
        return self._http.get("/credits/rates")["data"]

    def buy_pack(self, pack_id: str, *, idempotency_key: Optional[str] = None) -> dict[str, Any]:
        return self._http.post("/credits/packs/buy", {"packId": pack_id}, idempotency_key)


class _ApiCredits(_Part):
    """For signed-in users, but for the packs, which are public."""

    def get_packs(self) -> list[dict[str, Any]]:
        return self._http.get("/v1/billing/packs")["data"]

    def checkout(self, pack: str, *, idempotency_key: Optional[str] = None) -> dict[str, Any]:
        return self._http.post("/v1/billing/checkout", {"pack": pack}, idempotency_key)

    def get_history(self, *, limit: Optional[int] = None, before: Optional[int] = None) -> list[dict[str, Any]]:
        return self._http.get("/v1/billing/history", given(limit=limit, before=before))["data"]

    def get_balance(self) -> dict[str, Any]:
        return self._http.get("/v1/api-credits")


class _Keys(_Part):
    """For signed-in users."""

    def generate(
        self,
        *,
        name: Optional[str] = None,
        expires_in_days: Optional[int] = None,
        scopes: Optional[Iterable[str]] = None,
        idempotency_key: Optional[str] = None,
    ) -> dict[str, Any]:
        body = given(name=name, expires_in_days=expires_in_days, scopes=None if scopes is None else [*scopes])
        return self._http.post("/v1/keys/generate", body, idempotency_key)

    def list(self) -> Any:
        return self._http.get("/v1/keys")["data"]

    def rotate(self, key_id: str, *, grace_seconds: Optional[int] = None, idempotency_key: Optional[str] = None) -> dict[str, Any]:
        """A new key for an old one, which works until the grace ends."""
        return self._http.post("/v1/keys/rotate", given(key_id=key_id, grace_seconds=grace_seconds), idempotency_key)

    def revoke(self, key_id: str, *, idempotency_key: Optional[str] = None) -> dict[str, Any]:
        return self._http.post("/v1/keys/revoke", {"key_id": key_id}, idempotency_key)
