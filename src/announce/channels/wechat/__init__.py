"""WeChat official accounts: articles composed to what survives, delivered as drafts."""
