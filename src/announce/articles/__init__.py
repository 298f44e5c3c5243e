"""What is asked about an official account and done there beside sending: see `cli/wechat`."""
