"""Tell the same thing in Chinese and English, by e-mail and by WeChat official account, once."""

__version__ = "0.1.0"
