"""What happened that a tenant's programs may want to hear of; webhooks bring it to them."""
