const res = await fetch("https://www.floow.design/api/v1/credits/purchase", {
  method: "POST",
  headers: {
    Authorization: "Bearer fl_your_api_key",
    "Content-Type": "application/json",
  },
  body: JSON.stringify({ pack: "credits_5000" }),
});

const data = await res.json();

if (!res.ok) {
  if (data.upgrade) {
    // Account is on Free or Lite — must upgrade to Starter first
    console.log("Upgrade required:", data.error);
  } else {
    throw new Error(data.error);
  }
}

// Redirect the user to Stripe to complete payment
window.location.href = data.url;
