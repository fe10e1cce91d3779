"""Parts of scripts/release."""
