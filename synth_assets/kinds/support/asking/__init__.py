"""Prompts and answers: templates, JSON answers, numbered lists."""
