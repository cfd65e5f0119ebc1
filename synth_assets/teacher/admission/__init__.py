"""When a call may be sent: queue, rate, concurrency, breaker, budget."""
