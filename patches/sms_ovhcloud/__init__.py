"""Text messages through OVHcloud: docs/patches/sms_ovhcloud.md."""
