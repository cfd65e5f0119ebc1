"""Small models that learn a teacher's labels."""
