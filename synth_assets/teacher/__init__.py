"""The teacher: whoever answers a request, and the gateway through which all requests go."""

from synth_assets.teacher.admission.budget import Budget
from synth_assets.teacher.gateway import Gateway, GatewayStats
from synth_assets.teacher.prices import Price, Prices
from synth_assets.teacher.teacher import Teacher, open_teacher

__all__ = ["Budget", "Gateway", "GatewayStats", "Price", "Prices", "Teacher", "open_teacher"]
