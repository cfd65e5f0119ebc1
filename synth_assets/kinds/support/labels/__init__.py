"""Labels: reading them from answers, comparing them, settling ties."""
