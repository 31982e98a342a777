"""微信支付: APIv3 for a direct merchant, as far as a shop needs it."""
