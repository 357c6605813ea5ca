import requests

res = requests.post(
    "https://www.floow.design/api/v1/credits/purchase",
    headers={
        "Authorization": "Bearer fl_your_api_key",
        "Content-Type": "application/json",
    },
    json={"pack": "credits_5000"},
)

data = res.json()

if res.status_code == 403 and data.get("upgrade"):
    print("Upgrade required:", data["error"])
else:
    res.raise_for_status()
    # Redirect your user to data["url"] to complete payment
    print("Checkout URL:", data["url"])
