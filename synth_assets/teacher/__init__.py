"""The teacher: whoever answers a request, and the gateway through which all requests go."""

from synth_assets.teacher.budget import Budget
from synth_assets.teacher.gateway import Gateway, GatewayStats
from synth_assets.teacher.open import Teacher, open_teacher
from synth_assets.teacher.prices import Price, Prices

__all__ = ["Budget", "Gateway", "GatewayStats", "Price", "Prices", "Teacher", "open_teacher"]
