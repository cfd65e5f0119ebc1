"""What several kinds share. No kind is defined here."""
