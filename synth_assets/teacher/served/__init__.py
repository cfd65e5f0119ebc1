"""`synth teacher serve`: a teacher behind Mistral's HTTP interface."""
